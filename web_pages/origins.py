"""Whether a form comes from a page of this service.

Source: OWASP's cheat sheet on cross-site request forgery: standard headers, beside a strict cookie.
"""

from urllib.parse import urlsplit

from fastapi import Request

from web_pages.errors import ForeignFormError

READING = {"GET", "HEAD"}


def check_origin(request: Request) -> None:
    """Let a change come from our own pages only, by the headers that every browser sends.

    Raises:
        ForeignFormError: It comes from elsewhere, or does not say where from.
    """
    if request.method in READING:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin"}:
        raise ForeignFormError("the form was sent by a page of another site")
    origin = request.headers.get("Origin")
    if origin is None:
        raise ForeignFormError("the form does not say which page sent it")
    own = {request.headers.get("Host", ""), request.app.state.site.public_host}
    if not (host := urlsplit(origin).netloc) or host not in own:
        raise ForeignFormError("the form was sent by a page of another address")
