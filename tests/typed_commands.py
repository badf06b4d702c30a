"""What commands in a text there are not."""

import re
from collections.abc import Iterator
from typing import Any

from genshare.command_line import COMMANDS, command

PROSE = {"can", "of", "itself", "service", "that", "with"}
"""What follows the name in a sentence about genshare, or a command's in one about what it runs."""


def faults_of(text: str) -> Iterator[str]:
    """Tell what of the commands in a text there is not."""
    for piece in re.split(r"\bgenshare ", text)[1:]:
        words = re.split(r"[.;,:`()]", piece)[0].split()
        if words and words[0] not in PROSE:
            yield from _in_words(words)


def _in_words(words: list[str]) -> Iterator[str]:
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
