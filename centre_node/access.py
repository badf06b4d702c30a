"""Who may call a node: whoever has its token, which is made at its first start if none is set."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from centre_node.errors import NotAllowedError
from centre_node.reviewers import Reviewers
from centre_node.settings import Settings
from shared.access import Call, Caller, Role
from shared.errors import CannotServeError, WrongTokensError
from shared.files import in_turn
from shared.rates import Guesses
from shared.secret_files import others_may_read, write_secret

TOKEN_PREFIX = "gsn_"  # noqa: S105 (marks tokens so that a scanner finds a leaked one)
TOKEN_FILE = "token"  # noqa: S105 (a name)
STAFF = Caller("(staff)", Role.STAFF)
NO_REVIEWERS = Reviewers({})


@dataclass(frozen=True, slots=True)
class StaffToken:
    """What callers must send.

    Attributes:
        file: Where it is kept; None where a setting gives it.
        is_new: Whether it was made by this call.
    """

    value: str
    file: Path | None
    is_new: bool = False


def staff_token(settings: Settings) -> StaffToken:
    """Return the token that is set, or the one in the data folder, made there if need be.

    Raises:
        CannotServeError: The file cannot be used, or others may read it.
    """
    if settings.token is not None:
        return StaffToken(settings.token.get_secret_value(), None)
    file = settings.data_dir / TOKEN_FILE
    try:
        with in_turn(settings.data_dir):
            if not file.exists():
                return StaffToken(_make(file), file, is_new=True)
            return StaffToken(_read(file), file)
    except OSError as error:
        raise CannotServeError(f"cannot keep a token in {file}: {error.strerror}") from error


class NodeAccess:
    """Lets callers in who have the token, or a reviewer's.

    One that was made here has 256 random bits, which nobody guesses. One that a person set is not
    looked at for a while after too many wrong ones.
    """

    def __init__(
        self, token: StaffToken, guesses: Guesses, reviewers: Reviewers = NO_REVIEWERS
    ) -> None:
        self._expected = token.value.encode()
        self._is_made = token.file is not None
        self._guesses = guesses
        self._reviewers = reviewers

    def admit(self, call: Call) -> Caller:
        """Return who calls; a reviewer may do what staff may.

        Raises:
            NotAllowedError: The token is missing or wrong.
            WrongTokensError: Too many wrong ones came.
        """
        scheme, _, token = (call.authorization or "").partition(" ")
        if scheme != "Bearer" or not token:
            raise NotAllowedError("this node's token is missing or wrong")
        staff = STAFF if hmac.compare_digest(token.encode(), self._expected) else None
        if self._is_made and (staff or not self._reviewers.are_needed):
            return _allowed(staff)  # nobody guesses it
        return self._looked_at(
            call.address, lambda: staff or self._reviewers.owner(token, call.address)
        )

    def reviewer(self, token: str, address: str) -> Caller:
        """Return whose token a person typed in.

        Raises:
            NotAllowedError: It is no reviewer's.
            WrongTokensError: Too many wrong ones came.
        """
        return self._looked_at(address, lambda: self._reviewers.owner(token, address))

    def _looked_at(self, address: str, find: Callable[[], Caller | None]) -> Caller:
        """Return who has a token that a person chose, unless too many were tried."""
        wait = self._guesses.take(address)
        if wait:
            raise WrongTokensError("too many wrong tokens came", seconds=wait)
        caller = _allowed(find())
        self._guesses.was_right(address)
        return caller


def _allowed(caller: Caller | None) -> Caller:
    if caller is None:
        raise NotAllowedError("this node's token is missing or wrong")
    return caller


def _make(file: Path) -> str:
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    write_secret(file, f"{token}\n".encode())
    return token


def _read(file: Path) -> str:
    if others_may_read(file):
        raise CannotServeError(f"others may read {file}; make another by removing it, or chmod 600")
    token = file.read_text(encoding="utf-8", errors="replace").strip()
    if len(token) < len(TOKEN_PREFIX) + 40:
        raise CannotServeError(f"{file} holds no token; remove it, and a new one is made")
    return token
