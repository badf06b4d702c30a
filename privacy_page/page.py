"""The officer's page as HTML that needs nothing beside it: no network, no script."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from privacy_page.document import PrivacyPage
from privacy_page.wording import hundredths
from shared.counts import named


def privacy_html(page: PrivacyPage) -> str:
    """Return the page, light or dark as its reader's screen is, and to be printed and signed."""
    environment = Environment(
        loader=PackageLoader("privacy_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(limit=_limit, hundredths=hundredths, named=named)
    return environment.get_template("privacy.html.j2").render(page=page)


def _limit(number: float | None) -> str:
    return "none" if number is None else f"{number:g}"
