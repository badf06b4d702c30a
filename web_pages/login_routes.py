"""Logging in and out: a link shows a button, and the button opens the session.

Programs that look at links, such as those of mail and chat, so use none up.
"""

from anyio import to_thread
from fastapi import APIRouter, Request, Response, status
from fastapi.responses import RedirectResponse

from shared.access import Role, open_to_anyone, requires
from web_pages.cookies import drop_session, session_of, set_session
from web_pages.forms import read_form
from web_pages.routing import PageRoute

PATH, FIELD = "/login", "once"


def login_url(base: str, link: str) -> str:
    """Return what a person opens in a browser."""
    return f"{base.rstrip('/')}{PATH}?{FIELD}={link}"


def login_router() -> APIRouter:
    """Return the routes by which a browser logs in and out."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    anyone = [open_to_anyone()]

    @router.get(PATH, dependencies=anyone)
    def show_login(request: Request, once: str = "") -> Response:
        """Show the button, or without a link how to get one."""
        response: Response = request.app.state.site.page(request, "login.html.j2", once=once)
        return response

    @router.post(PATH, dependencies=anyone)
    async def log_in(request: Request) -> Response:
        """Use the link up and open a session."""
        site = request.app.state.site
        link = (await read_form(request)).get(FIELD, "")
        address = request.client.host if request.client else ""
        session = await to_thread.run_sync(site.logins.open_session, link, address)
        response = RedirectResponse(site.start, status_code=status.HTTP_303_SEE_OTHER)
        set_session(request, response, session)
        return response

    everyone = [requires(*Role, purpose="log out")]

    @router.post("/logout", dependencies=everyone)
    def log_out(request: Request) -> Response:
        """End the session, here and in the browser."""
        request.app.state.site.logins.close(session_of(request) or "")
        response = RedirectResponse(PATH, status_code=status.HTTP_303_SEE_OTHER)
        drop_session(request, response)
        return response

    return router
