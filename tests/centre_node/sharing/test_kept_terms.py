from pathlib import Path

import pytest
import typer
from pydantic.fields import FieldInfo

from centre_node.errors import NotPublishableError
from centre_node.sharing.kept_terms import (
    PUBLISH_FILE,
    forgotten_if_refused,
    remember_terms,
    settled_terms,
    settled_use,
)
from shared.errors import HubRefusedError
from shared.problems import Problem
from shared.terms import CentreTerms, UseLimits

TERMS = CentreTerms(
    centre="centre-b",
    name="masses",
    title="The centre's masses, 64 px",
    licence="CC-BY-4.0",
    use_terms="Research only",
    contact="research office",
)

TAKEN = Problem(
    title="Name taken",
    status=409,
    detail="the name is another centre's",
    code="GS-1000",
    hint="Choose another.",
    request_id="r",
)


def test_a_folder_remembers_and_what_is_given_now_or_there_outweighs_the_profile(
    tmp_path: Path,
) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('contact = "the profile"\nlicence = "CC0-1.0"\n')
    given = TERMS.model_dump(exclude={"contact", "licence"})
    first = settled_terms(tmp_path, given, profile=profile, ask=None)
    assert (first.contact, first.licence) == ("the profile", "CC0-1.0")

    remember_terms(tmp_path, TERMS, UseLimits())

    assert settled_terms(tmp_path, {}, profile=profile, ask=None) == TERMS
    renamed = settled_terms(tmp_path, {"name": "others"}, profile=profile, ask=None)
    assert renamed == TERMS.model_copy(update={"name": "others"})


@pytest.mark.parametrize("known", [TERMS, None])
def test_what_a_hub_refused_is_forgotten(tmp_path: Path, known: CentreTerms | None) -> None:
    if known is not None:
        remember_terms(tmp_path, known, UseLimits())
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}

    def refused() -> None:
        with forgotten_if_refused(tmp_path):
            remember_terms(tmp_path, TERMS.model_copy(update={"name": "taken"}), UseLimits())
            raise HubRefusedError(TAKEN)

    with pytest.raises(HubRefusedError):
        refused()

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_limits_of_use_stay_until_others_are_given(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    limits = UseLimits(centres=("centre-a",), most_samples=50, until="2999-12-31")
    assert not settled_use(tmp_path, UseLimits(), profile=nowhere)

    remember_terms(tmp_path, TERMS, limits)

    assert settled_use(tmp_path, UseLimits(), profile=nowhere) == limits
    more = settled_use(tmp_path, UseLimits(most_samples=80), profile=nowhere)
    assert more == limits.model_copy(update={"most_samples": 80})
    assert settled_terms(tmp_path, {}, profile=nowhere, ask=None) == TERMS


def test_a_last_day_that_is_over_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPublishableError, match="last day of use, 2020-01-01, is over"):
        settled_use(tmp_path, UseLimits(until="2020-01-01"), profile=tmp_path / "none")


def test_what_is_missing_is_asked_for_where_somebody_is_there(tmp_path: Path) -> None:
    asked = []

    def ask(name: str, _field: FieldInfo) -> str:
        asked.append(name)
        return TERMS.model_dump()[name]  # type: ignore[no-any-return]

    given, nowhere = {"centre": "centre-b", "title": TERMS.title}, tmp_path / "none"

    assert settled_terms(tmp_path, given, profile=nowhere, ask=ask) == TERMS
    assert asked == ["name", "licence", "use_terms", "contact"]
    with pytest.raises(typer.BadParameter, match=r"--name, --licence, --use-terms, --contact too"):
        settled_terms(tmp_path, given, profile=nowhere, ask=None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('token = "gsc_x"', "says 'token'; it may say, each as a text: name, title"),
        ("title = 5", "says 'title'"),
        ('use = { most_samples = "few" }', "use: most_samples: "),
        ("title", "is no TOML"),
        ('contact = "<ann>"', "the card is refused"),
    ],
)
def test_a_file_that_says_something_else_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / PUBLISH_FILE).write_text(text)
    given = TERMS.model_dump(exclude={"contact"})

    with pytest.raises(NotPublishableError, match=said):
        settled_terms(tmp_path, given, profile=tmp_path / "none", ask=None)
