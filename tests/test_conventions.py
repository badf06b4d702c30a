"""Conventions that the linters do not check."""

import importlib
import re
from pathlib import Path

from shared.problems import GenshareError

ROOT = Path(__file__).parent.parent
ROOMS = ("centre_node", "hub", "shared", "signing", "simulation", "web_pages")


def errors_of_rooms() -> list[type[GenshareError]]:
    """Return every error that a room defines in its `errors.py`."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("errors.py"))]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and value.__module__ == name
    ]


def test_no_two_errors_have_the_same_code() -> None:
    codes = [error.code for error in errors_of_rooms()]

    assert len(codes) > 50
    assert len(codes) == len(set(codes))


def test_the_page_of_errors_has_each_with_its_status_and_title() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "errors.md").read_text().splitlines()
        if line.startswith("| GS-")
    ]
    handlers = (ROOT / "shared" / "problem_handlers.py").read_text()
    of_services = {GenshareError.code, *re.findall(r'code="(GS-\d{4})"', handlers)}
    page = {(code, status, title) for code, status, title, *_ in rows if code not in of_services}

    assert page == {(error.code, str(error.status), error.title) for error in errors_of_rooms()}
    assert {row[0] for row in rows} >= of_services
    assert all(len(row) == 6 and all(row) for row in rows)
    assert len({row[0] for row in rows}) == len(rows)


def test_every_pattern_has_words_for_whoever_types_what_does_not_fit_it() -> None:
    rooms = (*ROOMS, "genshare", "node_api", "privacy_page", "study_report")
    sources = [file.read_text() for room in rooms for file in (ROOT / room).rglob("*.py")]
    patterns = {given for text in sources for given in re.findall(r"\bpattern=([^,)]+)", text)}
    in_words = {name for text in sources for name in re.findall(r"in_words\(\s*(\w+)", text)}

    assert len(patterns) > 10
    assert patterns <= in_words
