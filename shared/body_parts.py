"""A request's body as it comes, of which no part is kept while the next one is waited for.

The framework's own stream keeps the last part, a quarter of a megabyte, for as long as the caller
sends nothing: hundreds who do so would fill the memory.
"""

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect


async def body_parts(request: Request) -> AsyncIterator[bytes]:
    """Yield the parts of a body.

    Raises:
        ClientDisconnect: The caller left before the end.
    """
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        yield message.pop("body", b"")
