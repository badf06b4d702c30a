from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.canonical import canonical_json
from shared.errors import StatementRefusedError
from shared.packages import open_package
from shared.statements import (
    STATEMENT,
    AuditStatement,
    DifferentialPrivacy,
    StatedWaiver,
    banded,
    read_statement,
    rounded_up,
    statement_sentence,
)
from tests.packages import write_tiny_package
from tests.statements import a_statement

OTHER = "f" * 64


def test_a_statement_is_read_back_from_its_one_text() -> None:
    statement = a_statement()

    assert read_statement(canonical_json(statement), subject=statement.subject) == statement


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: text.replace('"tries":1', '"tries":2 '), "not written as genshare writes"),
        (lambda text: text.replace('"tries":1', '"tries":0'), "tries: must be 1 or more"),
        (
            lambda text: text.replace('"tries":1', '"tries":1,"spent":1'),
            "spent: there is no such",
        ),
        (lambda text: text.replace('"tries":1', '"tries":1,"tries":1'), "same key twice"),
        (lambda text: text.replace("0.54", "NaN"), "no readable JSON"),
        (lambda text: text[:-1], "no readable JSON"),
        (lambda text: text + " " * 70_000, "more than 65536 bytes"),
    ],
)
def test_an_edited_statement_is_refused(edit: Any, said: str) -> None:
    text = canonical_json(a_statement()).decode()
    assert edit(text) != text

    with pytest.raises(StatementRefusedError, match=said):
        read_statement(edit(text).encode(), subject=a_statement().subject)


def test_a_statement_of_another_package_is_refused_naming_both() -> None:
    statement = a_statement()

    with pytest.raises(StatementRefusedError, match=f"{statement.subject}, not of {OTHER}"):
        read_statement(canonical_json(statement), subject=OTHER)


def test_a_package_with_a_statement_of_another_one_is_not_opened(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    path = package.folder / STATEMENT
    path.write_bytes(canonical_json(a_statement(subject=package.digest)))
    assert open_package(package.folder) == package

    path.write_bytes(canonical_json(a_statement(subject=OTHER)))
    with pytest.raises(StatementRefusedError, match=f"speaks of the package {OTHER}"):
        open_package(package.folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "refused", "decided_by": ("AUROC",)},  # and nobody waived it
        {"verdict": "refused", "waiver": StatedWaiver(by="A", reason="B")},  # by no rule
        {"decided_by": ("AUROC",)},
        {"audit": None},  # what would it have passed?
        {"made_on": "yesterday"},
    ],
)
def test_what_contradicts_itself_is_no_statement(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AuditStatement.model_validate(a_statement().model_dump() | changes)


@given(st.integers(5, 10**9), st.integers(5, 10_000))
def test_a_band_holds_its_count_and_never_tells_it(count: int, coarse_below: int) -> None:
    band = banded(count, coarse_below=coarse_below)

    assert band.at_least <= count <= band.at_most
    assert band.at_most - band.at_least >= 4


def test_bands_are_of_1_2_and_5_and_then_those_of_a_card() -> None:
    counts = (0, 7, 10, 19, 20, 49, 50, 99, 100, 612)
    told = [str(banded(count, coarse_below=100)) for count in counts]

    assert told == [
        "0",
        "5 to 9",
        "10 to 19",
        "10 to 19",
        "20 to 49",
        "20 to 49",
        "50 to 99",
        "50 to 99",
        "100 to 109",
        "610 to 619",
    ]


@given(st.floats(0, 1))
def test_a_bound_is_never_rounded_below_itself(share: float) -> None:
    assert share - 1e-9 <= rounded_up(share) <= min(1.0, share + 0.01)


def test_a_statement_in_words_tells_verdict_and_strongest_bound() -> None:
    privacy = DifferentialPrivacy(epsilon=8.0, delta=1e-4, unit="patient", accountant="PRV")
    waived = a_statement(
        verdict="refused",
        decided_by=("AUROC",),
        waiver=StatedWaiver(by="The officer", reason="Phantoms only."),
        audit=None,
        differential_privacy=privacy,
    )

    untold = a_statement(verdict="inconclusive", decided_by=("audit",), audit=None)

    assert statement_sentence(untold).startswith(
        "audit: inconclusive: it could not tell, and the centre's own policy asks for none; "
    )
    assert statement_sentence(a_statement()) == (
        "audit: passed by the centre's own policy; the strongest attack (inversion, per patient) "
        "reaches an AUROC of at most 0.58, where 0.5 is chance; less than 0.56 could not have been "
        "seen; no differential privacy"
    )
    assert statement_sentence(waived) == (
        "audit: refused by the centre's own policy; no audit is stated; differential privacy per "
        "patient with epsilon 8 and delta 0.0001; released all the same by The officer: Phantoms "
        "only."
    )
