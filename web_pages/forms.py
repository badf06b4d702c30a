"""What a page's form sends."""

from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import ImmutableMultiDict

from web_pages.errors import FormUnreadableError

SENT_AS = "application/x-www-form-urlencoded"
MOST_FIELDS = 1_000

Form = ImmutableMultiDict[str, str]
"""Field -> what was typed; `getlist` has all of a field that was given more than once."""


async def read_form(request: Request) -> Form:
    """Return the fields of a form; those that were left empty too.

    Raises:
        FormUnreadableError: It was not sent as a page sends it.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != SENT_AS:
        raise FormUnreadableError(f"what was sent is no form; it must come as {SENT_AS}")
    try:
        text = (await request.body()).decode("ascii")
        fields = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise FormUnreadableError(
            f"the form cannot be read; it must be UTF-8 and have at most {MOST_FIELDS} fields"
        ) from error
    return Form(fields)
