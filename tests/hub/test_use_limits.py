"""Terms of use on a card, at the hub that gives its files away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.cards import ModelCard
from shared.errors import CardRefusedError, HubRefusedError
from shared.hub_client import HubClient
from shared.packages import open_package
from shared.terms import UseLimits
from tests.hub_server import RunningHub, running_hub
from tests.packages import write_tiny_package

TODAY = datetime.now(UTC).date()
YESTERDAY, TOMORROW = ((TODAY + timedelta(days=days)).isoformat() for days in (-2, 2))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub") as running:
        yield running


def _fetch(client: HubClient, folder: Path) -> ModelCard:
    return client.fetch(client.version("centre-b", "lesions-dcgan", None), folder).card


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (UseLimits(centres=("centre-c", "centre-d")), "GS-1330"),
        (UseLimits(until=YESTERDAY), "GS-1329"),
        (UseLimits(centres=("centre-a",), until=TOMORROW, most_samples=5), None),
        (UseLimits(purpose="Research on detection"), None),
    ],
)
def test_what_its_terms_do_not_let_go_is_refused_to_all_but_its_centre(
    hub: RunningHub, tmp_path: Path, use: UseLimits, code: str | None
) -> None:
    owner, other = hub.invited("centre-b"), hub.invited("centre-a")
    package = write_tiny_package(tmp_path / "made", use=use)
    owner.publish(package)

    assert _fetch(owner, tmp_path / "owner") == package.card
    if code is None:
        assert _fetch(other, tmp_path / "other").use == use
        assert open_package(tmp_path / "other").card == package.card
    else:
        assert other.version("centre-b", "lesions-dcgan", 1).card.use == use
        with pytest.raises(HubRefusedError, match=code):
            _fetch(other, tmp_path / "other")


def test_a_purpose_is_screened_as_all_that_is_in_words(tmp_path: Path) -> None:
    with pytest.raises(CardRefusedError, match=r"the card's use\.purpose is refused"):
        write_tiny_package(tmp_path, use=UseLimits(purpose="Patient id 7 alone"))


def test_a_day_is_one_of_the_calendar() -> None:
    with pytest.raises(ValueError, match="day is out of range"):
        UseLimits(until="2027-02-30")
