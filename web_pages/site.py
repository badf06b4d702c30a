"""A service's pages: templates in one frame, headers, and how its errors look in a browser."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from shared.access import Caller, Role
from shared.problems import Problem
from web_pages.logins import Logins
from web_pages.static_files import static_url
from web_pages.wording import FILTERS

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Cache-Control": "no-store",
    # Without it, a browser would not say which page sent a form.
    "Referrer-Policy": "same-origin",
}
API = "/api/"
PASSING = {429, 500, 502, 503, 504, 507}


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation: its pages are those under `path`."""

    title: str
    path: str
    roles: frozenset[Role]


@dataclass
class Site:
    """What all pages of a service have in common.

    Attributes:
        title: Of the service, such as "genshare hub".
        package: Whose folder `templates` holds the service's own templates.
        start: The path of the page that a login leads to.
        login_command: What prints a login link.
        is_known: Whether one who logged in may still call, such as a centre that is enrolled.
        public_url: Where browsers reach the service, if a proxy has its own name for it.
    """

    title: str
    package: str
    sections: tuple[Section, ...]
    start: str
    login_command: str
    logins: Logins
    is_known: Callable[[Caller], bool] = lambda _caller: True
    public_url: str = ""
    filters: Mapping[str, Callable[..., object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the templates."""
        self._environment = _environment(self)

    @property
    def is_behind_tls(self) -> bool:
        """Whether browsers reach the service by TLS even if it has none itself."""
        return self.public_url.startswith("https:")

    @property
    def public_host(self) -> str | None:
        """The name, and the port if there is one, by which browsers reach the service."""
        return urlsplit(self.public_url).netloc or None

    def caller(self, session: str) -> Caller | None:
        """Return who is logged in by a session, and may still call."""
        caller = self.logins.caller(session)
        return caller if caller is not None and self.is_known(caller) else None

    def page(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Return a page.

        Args:
            template: Its name; it extends `frame.html.j2`.
            values: What the template names; all text is escaped.
        """
        caller = getattr(request.state, "caller", None)
        frame = {
            "site": self,
            "path": request.url.path,
            "caller": caller,
            "sections": [s for s in self.sections if caller is not None and caller.role in s.roles],
        }
        content = self._environment.get_template(template).render({**frame, **values})
        return HTMLResponse(content, status_code=status, headers=HEADERS)


def add_site(app: FastAPI, site: Site) -> None:
    """Have an app show its errors as pages where a browser asks for one."""
    app.state.site = site
    app.state.problem_page = _problem_page


def _problem_page(request: Request, problem: Problem) -> HTMLResponse | None:
    """Return an error as a page; None if it was not a page that was asked for."""
    accepted = request.headers.get("Accept", "").lower()
    if "text/html" not in accepted or request.url.path.startswith(API):
        return None
    site: Site = request.app.state.site
    page = site.page(request, "problem.html.j2", status=problem.status, problem=problem)
    if "HX-Request" in request.headers:
        page.headers.update(_for_part(request, problem))
    return page


def _for_part(request: Request, problem: Problem) -> dict[str, str]:
    """Return what is done where a part of a page cannot be had: the whole error is shown.

    What passes by itself changes nothing on the page, which asks again.
    """
    if problem.status in PASSING or request.method != "GET":
        return {"HX-Reswap": "none"}
    path = "/" + request.url.path.lstrip("/")  # two slashes would name another host
    return {"HX-Redirect": f"{path}?{request.url.query}"}


def _environment(site: Site) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(site.package), PackageLoader("web_pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static_url"] = static_url
    environment.filters.update(FILTERS)
    environment.filters.update(site.filters)
    return environment
