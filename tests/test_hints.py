"""Every command that an error's hint names is one that can be typed."""

import pytest

from tests.test_conventions import ROOT, errors_of_rooms
from tests.typed_commands import faults_of


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
    assert list(faults_of(text)) == ([fault] if fault else [])


@pytest.mark.slow  # it imports every command that is named
def test_hints_name_commands_that_there_are() -> None:
    hints = {error.code: error.hint for error in errors_of_rooms()}
    page = (ROOT / "docs" / "errors.md").read_text()

    assert sum("genshare " in hint for hint in hints.values()) > 20
    assert {code: faults for code, hint in hints.items() if (faults := list(faults_of(hint)))} == {}
    assert list(faults_of(page)) == []
