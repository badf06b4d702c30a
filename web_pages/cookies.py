"""The cookie that carries a browser's session.

Cookies do not tell ports apart, so its name does: a hub and nodes on one machine each have theirs.
"""

from fastapi import Request, Response

from web_pages.logins import SESSION_LIVES


def session_of(request: Request) -> str | None:
    """Return the secret of a request's session, if it names one."""
    return request.cookies.get(_name(request))


def set_session(request: Request, response: Response, secret: str) -> None:
    """Have the browser keep a session, for our own pages only and out of the reach of scripts."""
    response.set_cookie(
        _name(request),
        secret,
        max_age=int(SESSION_LIVES.total_seconds()),
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )


def drop_session(request: Request, response: Response) -> None:
    """Have the browser forget its session."""
    response.delete_cookie(
        _name(request), secure=_is_encrypted(request), httponly=True, samesite="strict"
    )


def _name(request: Request) -> str:
    name = f"genshare-{request.url.port or 'session'}"
    return f"__Host-{name}" if _is_encrypted(request) else name


def _is_encrypted(request: Request) -> bool:
    """Tell whether the browser's connection is: to us, or to a proxy before us."""
    return request.url.scheme == "https" or request.app.state.site.is_behind_tls
