"""Every `genshare` command line in README and docs is one that the program understands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer._click.exceptions import UsageError

from genshare.command_line import COMMANDS, command

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
CONTROL = {"|", "||", "&", "&&", ";", "(", ")", ">", "<", ">>"}
LEFT_OUT = "..."
OF_THE_PROGRAM = {"--help", "--version", "--install-completion", "--quiet", "--verbose"}


@dataclass(frozen=True)
class Line:
    """A command as a page has it.

    Attributes:
        words: After `genshare`.
        is_whole: Whether it stands in a block to be copied; within a sentence, a command may be
            named without what it needs.
    """

    page: str
    words: tuple[str, ...]
    is_whole: bool

    def __str__(self) -> str:
        return f"{self.page}: genshare {' '.join(self.words)}"


known = cache(command)


def lines_of(name: str, text: str) -> Iterator[Line]:
    """Yield every command line of a page, those of its shell blocks first."""
    blocks = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
    for language, block in blocks.findall(text):
        if language == "sh":
            for line in re.findall(r".*\bgenshare\b.*", block.replace("\\\n", " ")):
                yield from (Line(name, words, is_whole=True) for words in commands_in(line))
    for inline in re.findall(r"`([^`]+)`", blocks.sub("", text)):
        if inline.replace("\n", " ").startswith("genshare "):
            spoken = inline.replace("\n", " ")
            yield from (Line(name, words, is_whole=False) for words in commands_in(spoken))


def commands_in(line: str) -> Iterator[tuple[str, ...]]:
    """Yield the words after each `genshare` of a shell's line, up to what ends the command."""
    reader = shlex.shlex(line.replace("$(", " ( "), posix=True, punctuation_chars="|&;()<>")
    reader.whitespace_split = True
    words = list(reader)
    for start, word in enumerate(words):
        if word == "genshare" and (
            not start or words[start - 1] in CONTROL or "=" in words[start - 1]
        ):
            rest = words[start + 1 :]
            ends = [place for place, other in enumerate(rest) if other in CONTROL]
            yield tuple(rest[: ends[0]] if ends else rest)


def fault_of(line: Line) -> str | None:
    """Return what is wrong with a command line; nothing is run."""
    words = [word for word in line.words if not word.startswith("$")]
    if not words or words[0] in OF_THE_PROGRAM:
        return None
    if words[0] not in COMMANDS:
        return f"there is no command {words[0]}"
    found, rest = known(words[0]), words[1:]
    while hasattr(found, "commands"):
        if not rest:
            return "it names no command of the group" if line.is_whole else None
        if rest[0] not in found.commands:
            return f"there is no {rest[0]} in it"
        found, rest = found.commands[rest[0]], rest[1:]
    return misfit(found, rest, is_whole=line.is_whole and LEFT_OUT not in line.words)


def misfit(found: Any, words: list[str], *, is_whole: bool) -> str | None:
    """Return which option or lack of one a command would refuse."""
    context = found.context_class(found, info_name=found.name)
    try:
        given, rest, _ = found.make_parser(context).parse_args(words)
    except UsageError as error:
        return error.message if is_whole or "requires an argument" not in error.message else None
    missing = [one.name for one in found.params if one.required and not given.get(one.name)]
    if is_whole and missing:
        return f"without {', '.join(missing)}"
    too_many = [word for word in rest if word != LEFT_OUT]
    return f"{too_many} are words too many" if too_many else None


EVERY_LINE = [line for page in PAGES for line in lines_of(page.name, page.read_text())]


@pytest.mark.slow  # every command is imported
def test_every_command_line_of_the_docs_is_understood() -> None:
    faults = {str(line): fault_of(line) for line in EVERY_LINE}

    assert len(faults) > 100
    assert {line: fault for line, fault in faults.items() if fault} == {}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("genshare fetch centre-b masses --out here && genshare lits", "there is no command lits"),
        ("genshare fetch centre-b masses --put here", "No such option: --put"),
        ("X=$(genshare hub invite --data-dir hub)", "without centre"),
        ("genshare hub inspect &", "there is no inspect in it"),
        ("genshare fetch centre-b masses 7 --out here", "['7'] are words too many"),
    ],
)
def test_a_command_line_that_is_wrong_is_found(words: str, fault: str) -> None:
    *_, last = lines_of("page", f"```sh\n{words}  # so\n```\n")

    assert fault in str(fault_of(last))
