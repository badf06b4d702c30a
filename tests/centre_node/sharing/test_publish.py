from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from centre_node.errors import NotPublishableError
from centre_node.generators.sampling import sample_patches
from centre_node.sharing.before_release import weights_to_publish
from centre_node.sharing.publish import build_package, guarantee_on
from centre_node.sharing.sample_grid import drawn_samples
from node_api.generator_training import GeneratorTraining
from node_api.patches import PatchConfiguration
from node_api.results import TrainedGenerator
from shared.cards import Privacy, PrivacyPromise
from shared.cuttings import Cutting
from shared.errors import NonFiniteWeightsError, NotSafetensorsError
from shared.leaving import told_fidelity
from shared.packages import CARD, open_package
from shared.sample_grids import read_grid
from shared.terms import CentreTerms
from tests.packages import TINY, a_fidelity_report, safetensors_bytes

TRAINED = TrainedGenerator(
    data_set="phantoms-digital",
    lesion_kinds=("mass",),
    patients=5,
    patches=12,
    pixel_spacing_mm=0.35,
    architecture=TINY,
    training=GeneratorTraining(epochs=3, batch_size=4, seed=7),
    genshare_version="0.1.0",
)
TERMS = CentreTerms(
    centre="centre-a",
    name="masses",
    title="Masses",
    licence="CC0 1.0",
    use_terms="Tests",
    contact="tests",
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(safetensors_bytes(TINY.generator_tensors()))
    return path


def test_card_says_what_the_training_was(weights: Path, tmp_path: Path) -> None:
    card = build_package(tmp_path / "package", [weights], TRAINED, TERMS).card

    assert (card.centre, card.name, card.architecture) == ("centre-a", "masses", TINY)
    assert (card.training_set.patients, card.training_set.patches) == (5, 10)
    assert card.training_set.pixel_spacing_mm == 0.35
    assert (card.training.epochs, card.training.batch_size) == (3, 4)


def test_card_says_how_lesions_were_cut_where_the_training_did(
    weights: Path, tmp_path: Path
) -> None:
    cutting = PatchConfiguration(margin_mm=4.2, smallest_side_px=32).cutting
    trained = TRAINED.model_copy(update={"cutting": cutting})

    told = build_package(tmp_path / "told", [weights], trained, TERMS)
    earlier = build_package(tmp_path / "earlier", [weights], TRAINED, TERMS)

    assert told.card.training_set.cutting == Cutting(margin_mm=4.2, smallest_side_px=32)
    assert b"cutting" not in (earlier.folder / CARD).read_bytes()
    assert "cutting" not in TRAINED.model_dump()


def test_no_seed_leaves_the_centre(weights: Path, tmp_path: Path) -> None:
    trained = TRAINED.model_copy(update={"fidelity": a_fidelity_report()})

    package = build_package(tmp_path / "package", [weights], trained, TERMS)

    assert (TRAINED.training.seed, a_fidelity_report().seed) == (7, 0)
    assert b"seed" not in (package.folder / CARD).read_bytes()


def test_card_names_the_loss_of_the_training(weights: Path, tmp_path: Path) -> None:
    training = GeneratorTraining(loss="wgan-gp", batch_size=4)
    trained = TRAINED.model_copy(update={"training": training})

    assert build_package(tmp_path / "package", [weights], trained, TERMS).card.training.loss == (
        "wgan-gp"
    )


@pytest.mark.parametrize(("recipe", "improved"), [("paper", False), ("improved", True)])
def test_card_says_whether_weights_are_averaged_and_patches_were_augmented(
    weights: Path, tmp_path: Path, recipe: str, *, improved: bool
) -> None:
    training = GeneratorTraining.model_validate({"recipe": recipe})
    trained = TRAINED.model_copy(update={"training": training})

    said = build_package(tmp_path / "package", [weights], trained, TERMS).card.training
    assert (said.averaged, said.augmented) == (improved, improved)


def test_package_holds_card_manifest_and_weights_and_nothing_else(
    weights: Path, tmp_path: Path
) -> None:
    package = build_package(tmp_path / "package", [weights], TRAINED, TERMS)

    names = {path.name for path in package.folder.iterdir()}
    assert names == {"card.json", "manifest.json", "weights.safetensors"}
    assert open_package(package.folder) == package


def test_weights_are_published_in_the_proportions_that_are_asked_for(tmp_path: Path) -> None:
    names = (
        "weights-epoch-0001.safetensors",
        "weights-epoch-0002.safetensors",
        "weights.safetensors",
    )
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(safetensors_bytes(TINY.generator_tensors(), float(number)))
    proportions = {names[2]: 3.0, names[0]: 1.0}

    chosen = weights_to_publish(tmp_path, ensemble=False, proportions=proportions)
    package = build_package(tmp_path / "package", chosen, TRAINED, TERMS, proportions=proportions)

    card = open_package(package.folder).card
    assert [(file.name, file.epoch, file.share) for file in card.weights] == [
        (names[0], 1, 0.25),
        (names[2], 3, 0.75),
    ]


def test_proportions_in_another_order_make_the_same_package(tmp_path: Path) -> None:
    proportions = {"a.safetensors": 0.1, "b.safetensors": 0.2, "c.safetensors": 0.3}
    for name, share in proportions.items():
        (tmp_path / name).write_bytes(safetensors_bytes(TINY.generator_tensors(), share))
    chosen = [tmp_path / name for name in proportions]

    digests = {
        build_package(
            tmp_path / f"package {number}", chosen, TRAINED, TERMS, proportions=dict(given)
        ).digest
        for number, given in enumerate([[*proportions.items()], [*proportions.items()][::-1]])
    }

    assert sum(proportions.values()) != sum([*proportions.values()][::-1])
    assert len(digests) == 1


def test_weights_that_were_not_kept_are_named_with_those_that_were(
    weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        NotPublishableError, match=r"kept no other\.safetensors; it kept weights\.safetensors"
    ):
        weights_to_publish(tmp_path, ensemble=False, proportions={"other.safetensors": 1.0})
    assert weights_to_publish(tmp_path, ensemble=True, proportions={}) == (weights,)


def test_building_again_returns_the_same_package(weights: Path, tmp_path: Path) -> None:
    first = build_package(tmp_path / "package", [weights], TRAINED, TERMS)

    assert build_package(tmp_path / "package", [weights], TRAINED, TERMS) == first
    assert build_package(tmp_path / "other", [weights], TRAINED, TERMS).digest == first.digest


@pytest.mark.parametrize("counts", [{"patients": 4}, {"patches": 4}])
def test_count_that_could_point_at_a_person_is_not_published(
    weights: Path, tmp_path: Path, counts: dict[str, int]
) -> None:
    trained = TRAINED.model_copy(update=counts)

    with pytest.raises(NotPublishableError, match=f"fewer than 5 {next(iter(counts))}"):
        build_package(tmp_path / "package", [weights], trained, TERMS)
    assert not (tmp_path / "package").exists()


def test_text_with_odd_characters_is_refused_by_its_field(weights: Path, tmp_path: Path) -> None:
    trained = TRAINED.model_copy(update={"data_set": "<script>"})

    with pytest.raises(NotPublishableError, match="data_set") as raised:
        build_package(tmp_path / "package", [weights], trained, TERMS)
    assert "<script>" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"PK\x03\x04 pickled", NotSafetensorsError),
        (safetensors_bytes(TINY.generator_tensors(), float("nan")), NonFiniteWeightsError),
    ],
)
def test_weights_that_the_hub_would_refuse_are_not_packaged(
    weights: Path, tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    weights.write_bytes(content)

    with pytest.raises(error):
        build_package(tmp_path / "package", [weights], TRAINED, TERMS)
    assert not (tmp_path / "package").exists()


@pytest.mark.parametrize(("patches", "leaves"), [(23, True), (19, False), (4, False)])
def test_fidelity_goes_on_the_card_rounded_if_there_was_enough_to_judge_it(
    weights: Path, tmp_path: Path, patches: int, leaves: bool
) -> None:
    trained = TRAINED.model_copy(update={"fidelity": a_fidelity_report(patches)})

    card = build_package(tmp_path / "package", [weights], trained, TERMS).card

    assert card.fidelity == (told_fidelity(a_fidelity_report(patches)) if leaves else None)


def test_an_ensemble_lists_every_file_with_its_epoch(weights: Path, tmp_path: Path) -> None:
    early = [tmp_path / f"weights-epoch-000{epoch}.safetensors" for epoch in (1, 2)]
    for number, path in enumerate(early):
        path.write_bytes(safetensors_bytes(TINY.generator_tensors(), float(number)))

    package = build_package(tmp_path / "package", [*early, weights], TRAINED, TERMS)

    assert [(file.name, file.epoch, file.share) for file in package.card.weights] == [
        (early[0].name, 1, None),
        (early[1].name, 2, None),
        (weights.name, 3, None),
    ]
    assert open_package(package.folder) == package


def test_one_bad_file_keeps_an_ensemble_back_and_is_named(weights: Path, tmp_path: Path) -> None:
    bad = tmp_path / "weights-epoch-0002.safetensors"
    bad.write_bytes(safetensors_bytes(TINY.generator_tensors(), float("nan")))

    with pytest.raises(NonFiniteWeightsError, match=bad.name):
        build_package(tmp_path / "package", [bad, weights], TRAINED, TERMS)
    assert not (tmp_path / "package").exists()


def test_more_files_than_a_card_takes_are_refused_in_a_sentence(
    weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotPublishableError, match="weights: must have at most 512 entries"):
        build_package(tmp_path / "package", [weights] * 513, TRAINED, TERMS)


def test_the_card_has_the_fidelity_of_its_own_weights_or_none(tmp_path: Path) -> None:
    names = ("weights-epoch-0002.safetensors", "weights.safetensors")
    final, kept = (tmp_path / name for name in reversed(names))
    for value, path in ((0.5, final), (0.25, kept)):
        path.write_bytes(safetensors_bytes(TINY.generator_tensors(), value))
    trained = TRAINED.model_copy(update={"fidelity": a_fidelity_report()})

    of_final, of_kept, of_both = (
        build_package(tmp_path / f"package {number}", weights, trained, TERMS).card.fidelity
        for number, weights in enumerate(([final], [kept], [kept, final]))
    )

    assert of_final == told_fidelity(a_fidelity_report())
    assert of_kept is of_both is None


def test_a_card_tells_the_promise_and_no_fidelity_that_was_not_counted(
    weights: Path, tmp_path: Path
) -> None:
    promise = PrivacyPromise(
        epsilon=9.99,
        delta=8e-4,
        noise_multiplier=1.1,
        clip=1.0,
        sampling_rate=0.05,
        steps=2000,
    )
    trained = TRAINED.model_copy(update={"privacy": promise, "fidelity": a_fidelity_report()})

    card = build_package(tmp_path / "package", [weights], trained, TERMS).card

    assert (card.privacy.method, card.privacy.promise) == ("differential privacy", promise)
    assert "epsilon 9.99 and delta 0.0008" in card.privacy.statement
    assert card.fidelity is None
    guarantee = guarantee_on(card)
    assert guarantee is not None
    assert (guarantee.epsilon, guarantee.unit) == (9.99, "patient")


def test_a_card_names_no_guarantee_without_its_numbers() -> None:
    with pytest.raises(ValidationError, match="differential privacy needs its promise"):
        Privacy(method="differential privacy")


def test_samples_are_the_first_patches_that_the_published_weights_draw(
    weights: Path, tmp_path: Path
) -> None:
    device, side = torch.device("cpu"), TINY.image_size
    drawn = sample_patches(weights, TINY, count=3, seed=0, device=device)

    package = build_package(tmp_path / "package", [weights], TRAINED, TERMS, samples=3)
    again = build_package(tmp_path / "again", [weights], TRAINED, TERMS, samples=3)

    grid = read_grid((package.folder / "samples.png").read_bytes())
    pixels = np.frombuffer(grid.pixels, np.uint8).reshape(grid.height, grid.width)
    places = [(0, 0), (0, side + 2), (side + 2, 0)]
    for (top, left), patch in zip(places, drawn, strict=True):
        assert (pixels[top : top + side, left : left + side] == patch).all()
    assert pixels.shape == (2 * side + 2, 2 * side + 2)
    assert again.digest == package.digest


def test_more_samples_than_a_picture_holds_are_one_sentence(weights: Path) -> None:
    large = TRAINED.architecture.model_copy(update={"image_size": 256})

    with pytest.raises(
        NotPublishableError, match="64 samples of 256 px do not fit the picture; 9 do"
    ):
        drawn_samples([weights], large, count=64, shares=None)
