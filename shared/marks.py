"""What a hub said of a package that lies here: that it was withdrawn, and why."""

from pathlib import Path

from shared.canonical import canonical_json, read_canonical
from shared.errors import GeneratorWithdrawnError, StatementRefusedError
from shared.files import write_whole
from shared.packages import MARK, Package
from shared.states import APPROVED, ENDED, VersionState

LARGEST_MARK_BYTES = 64 * 1024


def read_mark(folder: Path) -> VersionState | None:
    """Return the state that is written down in a package's folder; None: none, it is approved.

    Raises:
        StatementRefusedError: It was changed by hand.
    """
    try:
        with (folder / MARK).open("rb") as file:
            content = file.read(LARGEST_MARK_BYTES)
    except FileNotFoundError:
        return None
    return read_canonical(
        VersionState, content, StatementRefusedError, name=str(folder / MARK), otherwise="a state"
    )


def keep_mark(folder: Path, state: VersionState) -> None:
    """Write down what a package is; of one that is simply approved, nothing.

    Of its history nothing is kept: the hub has that.
    """
    if state.state == APPROVED:
        (folder / MARK).unlink(missing_ok=True)
        return
    content = canonical_json(state.model_copy(update={"history": ()}))
    write_whole(folder / MARK, lambda file: file.write(content))


def note_on(package: Package) -> str | None:
    """Say in a sentence what is to be known of a package's state; None if it is approved."""
    mark = read_mark(package.folder)
    return None if mark is None else _sentence(package, mark)


def check_usable(package: Package, *, withdrawn_too: bool = False) -> None:
    """Check that a package is not one that was withdrawn or quarantined.

    Args:
        withdrawn_too: Whether somebody asked for it all the same.

    Raises:
        GeneratorWithdrawnError: It is.
    """
    mark = read_mark(package.folder)
    if mark is not None and mark.state in ENDED and not withdrawn_too:
        raise GeneratorWithdrawnError(_sentence(package, mark))


def is_ended(package: Package) -> bool:
    """Tell whether a package was withdrawn or quarantined."""
    mark = read_mark(package.folder)
    return mark is not None and mark.state in ENDED


def _sentence(package: Package, mark: VersionState) -> str:
    card = package.card
    return f"{card.centre}/{card.name} version {mark.version} ({package.digest[:12]}) is {mark}"
