"""Who may be sent a token over plain HTTP: this machine, and whom the caller answers for."""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from shared.errors import UnencryptedError

if TYPE_CHECKING:  # services know this page's words, and need no client
    import httpx

IN_THE_CLEAR = "tokens and generators would cross the network unencrypted"


def check_encrypted(url: "httpx.URL", token: str | None, *, allowed: bool) -> None:
    """Check that no token goes to another machine for anyone between to read.

    Names are not looked up: `localhost` and loopback addresses alone are this machine.

    Args:
        allowed: Whether the caller said that it may.

    Raises:
        UnencryptedError: It would, and the caller did not.
    """
    is_secret = bool(token or url.userinfo)
    if url.scheme == "http" and is_secret and not allowed and not _is_this_machine(url.host):
        raise UnencryptedError(
            f"{url.copy_with(userinfo=b'')} is plain HTTP to another machine, and {IN_THE_CLEAR}"
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
