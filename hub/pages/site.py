"""What all pages of the hub have in common."""

from collections.abc import Callable

from hub.pages.wording import FILTERS
from shared.access import Caller, Role
from web_pages.logins import Logins
from web_pages.site import Section, Site

OPERATOR = frozenset({Role.ADMINISTRATOR})
EVERYONE = OPERATOR | {Role.READER}
SECTIONS = (
    Section("Generators", "/generators", EVERYONE),
    Section("Receipts", "/receipts", EVERYONE),
    Section("Centres", "/centres", EVERYONE),
    Section("Approval", "/reviews", OPERATOR),
    Section("Audit log", "/log", OPERATOR),
)


def hub_site(logins: Logins, *, is_enrolled: Callable[[str], bool], public_url: str) -> Site:
    """Return the hub's pages.

    Args:
        is_enrolled: Whether a centre is; a login for one that was removed ends.
    """

    def is_known(caller: Caller) -> bool:
        return caller.role in OPERATOR or is_enrolled(caller.name)

    return Site(
        title="genshare hub",
        package="hub.pages",
        sections=SECTIONS,
        start="/generators",
        login_command="genshare hub login",
        logins=logins,
        is_known=is_known,
        public_url=public_url,
        filters=FILTERS,
    )
