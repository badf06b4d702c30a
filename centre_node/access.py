"""Who may call a node: whoever has its token, which is made at its first start if none is set."""

import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from centre_node.errors import NotAllowedError
from centre_node.settings import Settings
from shared.access import Call, Caller, Role
from shared.errors import CannotServeError, WrongTokensError
from shared.files import in_turn
from shared.rates import Guesses
from shared.secret_files import others_may_read, write_secret

TOKEN_PREFIX = "gsn_"  # noqa: S105 (marks tokens so that a scanner finds a leaked one)
TOKEN_FILE = "token"  # noqa: S105 (a name)
STAFF = Caller("(staff)", Role.STAFF)


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
    """Lets callers in who have the token.

    One that was made here has 256 random bits, which nobody guesses. One that a person set is not
    looked at for a while after too many wrong ones.
    """

    def __init__(self, token: StaffToken, guesses: Guesses) -> None:
        self._expected = f"Bearer {token.value}".encode()
        self._guesses = None if token.file else guesses

    def admit(self, call: Call) -> Caller:
        """Return who calls.

        Raises:
            NotAllowedError: The token is missing or wrong.
            WrongTokensError: Too many wrong ones came.
        """
        if call.authorization is None:
            raise NotAllowedError("this node's token is missing or wrong")
        wait = self._guesses.take(call.address) if self._guesses else 0
        if wait:
            raise WrongTokensError("too many wrong tokens came", seconds=wait)
        if not hmac.compare_digest(call.authorization.encode(), self._expected):
            raise NotAllowedError("this node's token is missing or wrong")
        if self._guesses:
            self._guesses.was_right(call.address)
        return STAFF


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
