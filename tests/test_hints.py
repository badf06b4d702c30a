"""Every command that an error's hint names is one that can be typed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from genshare.command_line import COMMANDS, command
from tests.test_conventions import ROOT, errors_of_rooms

PROSE = {"can", "of", "itself", "service", "that", "with"}
"""What follows the name in a sentence about genshare, or a command's in one about what it runs."""


def _faults(text: str) -> Iterator[str]:
    """Tell what of the commands in a text there is not."""
    for piece in re.split(r"\bgenshare ", text)[1:]:
        words = re.split(r"[.;,:`()]", piece)[0].split()
        if words and words[0] not in PROSE:
            yield from _faults_of(words)


def _faults_of(words: list[str]) -> Iterator[str]:
    if words[0] not in COMMANDS:
        yield f"there is no command {words[0]}"
        return
    found, rest = command(words[0]), words[1:]
    if (below := getattr(found, "commands", None)) is not None and rest and rest[0] not in PROSE:
        if rest[0] not in below:
            yield f"{words[0]} has no command {rest[0]}"
            return
        found, rest = below[rest[0]], rest[1:]
    yield from _wrong_words(found, rest)


def _wrong_words(found: Any, words: list[str]) -> Iterator[str]:
    options = {name for each in found.params for name in each.opts} | {"--help"}
    free = sum(
        each.param_type_name == "argument" and each.metavar.isupper() for each in found.params
    )
    for before, word in zip(["", *words], words, strict=False):
        if word.startswith("--") and word not in options:
            yield f"{found.name} has no option {word}"
        if word.isupper() and not before.startswith("--"):
            free -= 1
            if free < 0:
                yield f"{found.name} takes no {word}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("genshare key make FILE makes a key.", "make takes no FILE"),
        ("Then genshare trust mode CENTRE warn lets it pass.", "mode takes no CENTRE"),
        ("genshare key mend --pem", "key has no command mend"),
        ("genshare trust list --all.", "list has no option --all"),
        ("genshare mend", "there is no command mend"),
        ("genshare trust add CENTRE FINGERPRINT --trust FILE; genshare key show --pem", ""),
    ],
)
def test_a_command_that_is_none_is_noticed(text: str, fault: str) -> None:
    assert list(_faults(text)) == ([fault] if fault else [])


@pytest.mark.slow  # it imports every command that is named
def test_hints_name_commands_that_there_are() -> None:
    hints = {error.code: error.hint for error in errors_of_rooms()}
    page = (ROOT / "docs" / "errors.md").read_text()

    assert sum("genshare " in hint for hint in hints.values()) > 20
    assert {code: faults for code, hint in hints.items() if (faults := list(_faults(hint)))} == {}
    assert list(_faults(page)) == []
