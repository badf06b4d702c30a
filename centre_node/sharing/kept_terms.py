"""Terms that a training's folder remembers, and its user's settings for all trainings."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from centre_node.errors import NotPublishableError
from centre_node.sharing.before_release import terms_of
from shared.errors import HubRefusedError
from shared.field_values import expected, read_value
from shared.files import write_text, write_whole
from shared.models import validation_summary
from shared.terms import CentreTerms, UseLimits
from shared.toml_text import toml_lines

PUBLISH_FILE = "publish.toml"
USE = "use"

Ask = Callable[[str, FieldInfo], str]
"""Returns a field's value, which a person types."""


def settled_terms(
    training: Path, given: Mapping[str, str], *, profile: Path, ask: Ask | None
) -> CentreTerms:
    """Return the terms of a training: given, else remembered in its folder, else in the profile.

    Args:
        profile: The user's own file of the same form, for what is the same for all trainings.
        ask: Asks a person for what is missing; None: nobody is there.

    Raises:
        typer.BadParameter: Something is missing, and nobody is there.
        NotPublishableError: A file is none of terms, or a text may not leave.
    """
    known = {**_read(profile)[0], **_read(training / PUBLISH_FILE)[0], **given}
    missing = [name for name in CentreTerms.model_fields if name not in known]
    if missing and ask is None:
        raise typer.BadParameter(
            f"a training is published with {', '.join(map(option, missing))} too; given once, "
            f"{training / PUBLISH_FILE} remembers them"
        )
    asked = {name: ask(name, CentreTerms.model_fields[name]) for name in missing if ask}
    return terms_of({**known, **asked})


def settled_use(training: Path, given: UseLimits, *, profile: Path) -> UseLimits:
    """Return the limits of use of a training: each as given, else as remembered, else none.

    Raises:
        NotPublishableError: A file is none of terms, or the last day of use is over.
    """
    known: dict[str, Any] = {}
    for limits in (_read(profile)[1], _read(training / PUBLISH_FILE)[1], given):
        known |= limits.model_dump(exclude_unset=True)
    use = UseLimits.model_validate(known)
    if use.until is not None and use.until < datetime.now(UTC).date().isoformat():
        raise NotPublishableError(
            f"the last day of use, {use.until}, is over, so nobody would get it; give a later one "
            "with --use-until"
        )
    return use


def remember_terms(training: Path, terms: CentreTerms, use: UseLimits) -> None:
    """Write down, in a training's folder, under which name, terms and limits it was published."""
    limits = {USE: use.model_dump(exclude_defaults=True)} if use else {}
    write_text(training / PUBLISH_FILE, toml_lines({**terms.model_dump(), **limits}))


@contextmanager
def forgotten_if_refused(training: Path) -> Iterator[None]:
    """Have the folder remember what it did before, where a hub refuses what is published."""
    file = training / PUBLISH_FILE
    before = file.read_bytes() if file.is_file() else None
    try:
        yield
    except HubRefusedError:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            write_whole(file, lambda out: out.write(before))
        raise


def ask_on_terminal(name: str, field: FieldInfo) -> str:
    """Ask until the answer is a right one."""
    what = "; ".join(filter(None, [(field.description or name).rstrip("."), expected(field)]))
    answer: str = typer.prompt(
        f"{name.replace('_', ' ')} ({what})",
        err=True,
        value_proc=lambda text: read_value(field, text, option(name)),
    )
    return answer


def option(name: str) -> str:
    """Return the option that gives a field."""
    return f"--{name.replace('_', '-')}"


def _read(path: Path) -> tuple[dict[str, str], UseLimits]:
    """Return the terms and limits that a file remembers, nothing where there is none."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, UseLimits()
    except OSError as error:
        raise NotPublishableError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # of tomllib, or no UTF-8
        raise NotPublishableError(f"{path} is no TOML: {error}") from error
    use = _use_of(found.pop(USE, {}), path)
    for key, value in found.items():
        if key not in CentreTerms.model_fields or not isinstance(value, str):
            known = ", ".join(CentreTerms.model_fields)
            raise NotPublishableError(
                f"{path} says {ascii(key)[:80]}; it may say, each as a text: {known}; and {USE}"
            )
    return found, use


def _use_of(value: object, path: Path) -> UseLimits:
    try:
        return UseLimits.model_validate(value)
    except ValidationError as error:
        raise NotPublishableError(f"{path}, {USE}: {validation_summary(error)}") from error
