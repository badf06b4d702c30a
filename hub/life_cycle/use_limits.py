"""Whether a version's own terms let the hub give it to a caller."""

from datetime import date

from hub.errors import NotForThisCentreError, UseExpiredError
from shared.access import Caller, Role
from shared.cards import ModelCard


def check_use(card: ModelCard, caller: Caller, *, today: date) -> None:
    """Check that a card lets its weights go to a caller; its centre and the operator always may.

    Raises:
        NotForThisCentreError: It names the centres that may have it, and not this one.
        UseExpiredError: It was to be given away until a day that has passed.
    """
    use = card.use
    if use is None or caller.role is Role.ADMINISTRATOR or caller.name == card.centre:
        return
    what = f"{card.centre}/{card.name}"
    if use.centres and caller.name not in use.centres:
        raise NotForThisCentreError(
            f"{what} is for {' and '.join(use.centres)} alone, not for {caller.name}"
        )
    if use.until is not None and today > date.fromisoformat(use.until):
        raise UseExpiredError(f"{what} was given away until {use.until}, by its terms")
