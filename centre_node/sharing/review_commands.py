"""Has a person approve what the command line is about to send."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from centre_node.sharing.errors import NotApprovedError
from centre_node.sharing.reviews import review_lines
from node_api.review import Review

Asked = Annotated[
    bool,
    typer.Option(
        "--review",
        metavar="",
        help="Show exactly what would be sent, and ask before it is; so does a policy with "
        'review = "person".',
    ),
]
Approved = Annotated[
    str | None,
    typer.Option(
        metavar="DIGEST",
        help="Of what a person has looked at, as --dry-run --review prints it: it is sent only if "
        "it is the same still.",
    ),
]


def ask_person(question: str) -> bool | None:
    """Return a person's answer; None where nobody sits at a terminal."""
    return typer.confirm(question, err=True) if sys.stdin.isatty() else None


def check_approved(
    review: Review, approved: str | None, *, ask: Callable[[str], bool | None] = ask_person
) -> None:
    """Show what would be sent, unless it is approved already, and have a person approve it.

    Args:
        approved: The digest of what a person approved before.

    Raises:
        NotApprovedError: Nobody did, or of something else.
    """
    if approved == review.digest:
        return
    sys.stderr.writelines(f"{line}\n" for line in review_lines(review))
    if approved is not None:
        raise NotApprovedError(
            f"{approved[:12]} was approved, but what would be sent now is {review.digest[:12]}"
        )
    answer = ask("Send exactly this?")
    if answer is None:
        raise NotApprovedError("a person is to look at it, and there is no terminal to ask at")
    if not answer:
        raise NotApprovedError("it was looked at and not approved")
