"""What all pages of a node have in common."""

from centre_node.pages.job_views import grid_name, picture_name
from shared.access import Role
from shared.receipts import told_receipt
from web_pages.card_wording import FILTERS as CARD_FILTERS
from web_pages.logins import Logins
from web_pages.site import Section, Site

STAFF = frozenset({Role.STAFF})
SECTIONS = (
    Section("Data", "/data", STAFF),
    Section("Jobs", "/jobs", STAFF),
    Section("Generators", "/generators", STAFF),
    Section("Studies", "/studies", STAFF),
    Section("Settings", "/settings", STAFF),
)


def node_site(logins: Logins) -> Site:
    """Return a node's pages."""
    return Site(
        title="genshare node",
        package="centre_node.pages",
        sections=SECTIONS,
        start="/",
        login_command="genshare node login",
        logins=logins,
        filters={
            **CARD_FILTERS,
            "grid_name": grid_name,
            "picture_name": picture_name,
            "told_receipt": told_receipt,
        },
    )
