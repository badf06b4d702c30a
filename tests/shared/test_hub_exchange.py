from pathlib import Path

import pytest

from shared.cards import MOST_WEIGHT_FILES
from shared.errors import HubAddressError, HubRefusedError, HubUnreadableError
from shared.hub_exchange import BOUNDS, check, parsed
from shared.packages import CARD, Manifest
from shared.problems import Problem
from shared.records import GeneratorPage, GeneratorVersion
from shared.repeats import Answer
from tests.lying_hub import lying
from tests.packages import write_tiny_package


@pytest.fixture
def largest(tmp_path: Path) -> GeneratorVersion:
    """A record of as many weight files as a card may have."""
    with lying(write_tiny_package(tmp_path)) as hub:
        (card_file,) = [file for file in hub.package.manifest.files if file.name == CARD]
        names = [f"{'w' * 88}-{number}.st" for number in range(MOST_WEIGHT_FILES)]
        (one,) = hub.package.card.weights
        update = {"epoch": 10**6, "share": 1 / MOST_WEIGHT_FILES}
        weights = tuple(one.model_copy(update={"name": name, **update}) for name in names)
        card = hub.package.card.model_copy(update={"weights": weights, "title": "," * 300})
        files = tuple(card_file.model_copy(update={"name": name}) for name in names)
        return hub.changed(card=card, manifest=Manifest(files=(card_file, *files)))


def test_the_largest_record_is_within_its_bounds(largest: GeneratorVersion) -> None:
    answer = Answer(200, largest.model_dump_json().encode())

    assert parsed(GeneratorVersion, answer) == largest
    assert len(answer.body) < BOUNDS[GeneratorVersion].size_bytes / 2


@pytest.mark.slow
def test_a_page_of_the_largest_records_is_within_its_bounds(largest: GeneratorVersion) -> None:
    page = GeneratorPage(items=(largest,) * 50, next_cursor=None)
    answer = Answer(200, page.model_dump_json().encode())

    assert parsed(GeneratorPage, answer) == page
    assert len(answer.body) < BOUNDS[GeneratorPage].size_bytes / 2


def test_a_page_holds_at_most_200(largest: GeneratorVersion) -> None:
    small = largest.model_copy(update={"card": largest.card.model_copy(update={"weights": ()})})
    body = GeneratorPage.model_construct(items=(small,) * 201, next_cursor=None).model_dump_json()

    with pytest.raises(HubUnreadableError, match="without a readable GeneratorPage"):
        parsed(GeneratorPage, Answer(200, body.encode()))


def test_a_centre_node_that_is_taken_for_a_hub_is_named() -> None:
    told = {"title": "Not allowed", "status": 401, "detail": "no", "hint": "", "request_id": "1"}

    with pytest.raises(HubAddressError, match=r"^http://b:8001 is a centre node and no hub$"):
        check(
            Answer(401, Problem(**told, code="GS-3309").model_dump_json().encode()), "http://b:8001"
        )
    with pytest.raises(HubRefusedError, match=r"the hub refused \(401, GS-1001"):
        check(
            Answer(401, Problem(**told, code="GS-1001").model_dump_json().encode()), "http://b:8001"
        )
