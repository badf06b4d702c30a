from collections.abc import Callable
from pathlib import Path

import pytest

from centre_node.sharing.errors import NotApprovedError
from centre_node.sharing.review_commands import check_approved
from tests.centre_node.jobs.reviews import a_review


def answers(given: bool | None) -> Callable[[str], bool | None]:
    return lambda _question: given


def test_a_person_is_shown_what_would_be_sent_and_approves_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review = a_review(tmp_path, collapse="few modes", reasons=("no audit was asked for",))

    check_approved(review, None, ask=answers(True))

    shown = capsys.readouterr().err
    assert "would be sent to https://hub.example.org as centre-b/lesions-dcgan:" in shown
    assert "few modes" in shown.splitlines()
    assert "no audit was asked for" in shown
    assert review.digest in shown


@pytest.mark.parametrize(
    ("approved", "answer", "sentence"),
    [
        (None, False, "looked at and not approved"),
        (None, None, "no terminal to ask at"),
        ("9" * 64, True, "999999999999 was approved, but what would be sent now is 111111111111"),
    ],
)
def test_without_a_yes_to_this_very_package_nothing_is_sent(
    tmp_path: Path, approved: str | None, answer: bool | None, sentence: str
) -> None:
    with pytest.raises(NotApprovedError, match=sentence):
        check_approved(a_review(tmp_path), approved, ask=answers(answer))


def test_what_was_approved_before_is_not_asked_again(tmp_path: Path) -> None:
    review = a_review(tmp_path)

    check_approved(review, review.digest, ask=answers(False))
