"""Bodies of the hub connection's routes."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, SecretStr

from shared.models import StrictModel
from shared.names import Name


def _plain_url(value: str) -> str:
    url = AnyHttpUrl(value)
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("the hub's URL is scheme, host, port and path only")
    return str(url).rstrip("/")


HubUrl = Annotated[str, AfterValidator(_plain_url)]
"""Where the hub answers, such as http://hub:8000, without a trailing slash."""


class HubCredentials(StrictModel):
    """Asks the node to connect to a hub with the token that the hub gave to this centre."""

    centre: Name
    url: HubUrl
    token: SecretStr


class HubConnection(StrictModel):
    """The connection as anyone may see it: without the token."""

    centre: Name
    url: HubUrl
    connected_at: datetime
