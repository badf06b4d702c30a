from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cards import ModelCard, WeightFile
from shared.errors import NoSuchWeightsError
from shared.weight_choices import chosen_weights, weights_named, weights_spread
from tests.packages import tiny_contents, write_tiny_ensemble


def _card(files: int, folder: Path) -> ModelCard:
    return write_tiny_ensemble(folder, tiny_contents(files)).card


def _numbered(files: int, folder: Path) -> ModelCard:
    card = _card(1, folder)
    weights = tuple(WeightFile(name=f"w{n}", size_bytes=1, sha256="0" * 64) for n in range(files))
    return card.model_copy(update={"weights": weights})


def _numbers(files: tuple[WeightFile, ...]) -> list[int]:
    return [int(file.name.removeprefix("w")) for file in files]


@pytest.mark.parametrize(
    ("at_most", "numbers"),
    [(1, [50]), (2, [0, 50]), (3, [0, 25, 50]), (6, [0, 10, 20, 30, 40, 50])],
)
def test_of_the_papers_51_files_some_are_taken_evenly(
    tmp_path: Path, at_most: int, numbers: list[int]
) -> None:
    card = _numbered(51, tmp_path)

    assert _numbers(weights_spread(card, at_most)) == numbers


@given(files=st.integers(1, 60), at_most=st.integers(1, 70))
def test_spread_files_are_as_many_as_asked_for_and_evenly_apart(
    tmp_path_factory: pytest.TempPathFactory, files: int, at_most: int
) -> None:
    card = _numbered(files, tmp_path_factory.mktemp("card"))

    numbers = _numbers(weights_spread(card, at_most))

    gaps = {after - before for before, after in pairwise(numbers)}
    assert len(numbers) == min(files, at_most)
    assert numbers[-1] == files - 1
    assert not gaps or (min(gaps) >= 1 and max(gaps) - min(gaps) <= 1)


def test_named_files_come_in_the_cards_order(tmp_path: Path) -> None:
    card = _card(3, tmp_path)

    files = weights_named(card, ["weights.safetensors", "weights-epoch-0500.safetensors"])

    assert files == (card.weights[0], card.weights[2])


def test_a_name_that_the_card_lacks_is_told_with_those_that_it_has(tmp_path: Path) -> None:
    card = _card(3, tmp_path)

    with pytest.raises(
        NoSuchWeightsError,
        match=r"no weight file other; it has 3, from weights-epoch-0500\S+ to weights\.",
    ):
        chosen_weights(card, names=["weights.safetensors", "other"])


def test_no_choice_is_all_files(tmp_path: Path) -> None:
    assert chosen_weights(_card(2, tmp_path)) is None
