"""Errors of pages: what a browser is refused."""

from shared.problems import GenshareError


class PageError(GenshareError, code="GS-1350", status=500):
    """Base of the errors of pages."""


class LoginNeededError(
    PageError,
    code="GS-1351",
    status=401,
    title="Log in first",
    hint="Open the link that the service's login command prints.",
):
    """A page was asked for without a session, or with one that has ended."""


class LoginLinkError(
    PageError,
    code="GS-1352",
    status=410,
    title="Link used up",
    hint="Have the login command print another one; each opens one session, within 5 minutes.",
):
    """A login link was used before, is too old, or never was one."""


class ForeignFormError(
    PageError,
    code="GS-1353",
    status=403,
    title="Sent from elsewhere",
    hint="Open the page at this service's own address, and send the form from there.",
):
    """A form did not come from a page of this service."""


class RoleMissingError(
    PageError,
    code="GS-1354",
    status=403,
    title="Not for this login",
    hint="Ask the service's operator for a login that may.",
):
    """Who is logged in may not open a page."""


class FormUnreadableError(
    PageError,
    code="GS-1355",
    title="Form unreadable",
    hint="Open the page again, and send its form from there.",
):
    """What was sent is no form of a page."""
