"""Where a person's key and trust lie, and the options that name other places."""

from pathlib import Path
from typing import Annotated

import typer

from signing.errors import TrustFileMissingError
from signing.keys import KEY_FILE
from signing.trust import TRUST_FILE, TrustStore

PANEL = "Signatures"

TrustGiven = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        envvar="GENSHARE_TRUST",
        metavar="FILE",
        help=f"Whose keys are trusted. Default: {TRUST_FILE} in the folder of your settings.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
SigningKeyGiven = Annotated[
    Path | None,
    typer.Option(
        "--signing-key",
        envvar="GENSHARE_SIGNING_KEY",
        metavar="FILE",
        help=f"The centre's key. Default: {KEY_FILE} in the folder of your settings.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]


def trust_store(given: Path | None, *, may_be_new: bool = False) -> TrustStore:
    """Return what is trusted, in the file that was named or in the usual one, which may be absent.

    Args:
        may_be_new: Whether a file that was named may be absent too.

    Raises:
        TrustFileMissingError: It is absent and may not be.
    """
    if given is not None and not may_be_new and not given.exists():
        raise TrustFileMissingError(f"there is no file {given}, which was named as the trust file")
    return TrustStore(given or _folder() / TRUST_FILE)


def key_file(given: Path | None) -> Path:
    """Return where the centre's key lies, or would lie."""
    return given or _folder() / KEY_FILE


def _folder() -> Path:
    return Path(typer.get_app_dir("genshare"))
