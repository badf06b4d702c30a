"""Generators that can be asked for a class."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from centre_node.generators.conditions import ConditionedScorer, drawn_classes, with_classes
from centre_node.generators.construction import (
    blank_generator,
    new_discriminator,
    new_generator,
)
from centre_node.generators.sampling import sample_ensemble, sample_patches
from centre_node.generators.training import train_generator
from node_api.generator_training import GeneratorTraining, check_classes
from shared.architectures import Architecture, DcganArchitecture, ResidualArchitecture
from shared.cards import Loss
from shared.errors import WrongTensorsError
from shared.names import Pathology
from shared.weights import inspect_weights
from tests.centre_node.generators.tiny import (
    ARCHITECTURE,
    CPU,
    RESIDUAL,
    SIDE,
    settings,
    train,
)

CLASSES: tuple[Pathology, Pathology] = ("benign", "malignant")
OF_CLASSES = ARCHITECTURE.model_copy(update={"classes": CLASSES})
ONE_EACH = DcganArchitecture.model_validate(
    {**ARCHITECTURE.model_dump(), "classes": CLASSES, "class_networks": "one_each"}
)
RESIDUAL_OF_CLASSES = RESIDUAL.model_copy(update={"classes": CLASSES})
EVERY = pytest.mark.parametrize("architecture", [OF_CLASSES, ONE_EACH, RESIDUAL_OF_CLASSES])


def shaded(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Dark patches of the first class and bright ones of the second, with some noise."""
    random = np.random.default_rng(0)
    classes = random.integers(0, 2, count)
    greys = np.where(classes == 1, 190, 60)[:, None, None]
    pixels = greys + random.normal(0, 12, (count, SIDE, SIDE))
    return pixels.clip(0, 255).astype(np.uint8), classes


def sampled(weights: Path, architecture: Architecture, pathology: Pathology) -> np.ndarray:
    patches = np.empty((40, SIDE, SIDE), dtype=np.uint8)
    sample_ensemble(
        [weights],
        architecture,
        count=40,
        seed=5,
        device=CPU,
        keep=lambda places, made: patches.__setitem__(places, made),
        pathology=pathology,
    )
    return patches


def trained(folder: Path, loss: Loss, architecture: Architecture, **changes: object) -> Path:
    patches, classes = shaded(64)
    return train_generator(
        patches,
        architecture=architecture,
        training=settings(loss=loss, checkpoint_every_epochs=100, **changes),
        folder=folder,
        device=CPU,
        on_epoch=lambda _event: None,
        classes=classes,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "architecture"),
    [
        ("dcgan", OF_CLASSES),
        ("dcgan", ONE_EACH),
        ("wgan-gp", OF_CLASSES),
        ("relativistic", RESIDUAL_OF_CLASSES),
    ],
)
def test_a_generator_draws_the_class_that_it_is_asked_for(
    tmp_path: Path, loss: Loss, architecture: Architecture
) -> None:
    weights = trained(
        tmp_path / "t", loss, architecture, epochs=40, batch_size=8, learning_rate=0.002
    )

    dark, bright = (sampled(weights, architecture, name) for name in CLASSES)

    assert bright.mean() - dark.mean() > 60
    mixed = sample_patches(weights, architecture, count=40, seed=5, device=CPU)
    assert (mixed[::2] == dark[::2]).all()
    assert (mixed[1::2] == bright[1::2]).all()
    assert (sample_patches(weights, architecture, count=7, seed=5, device=CPU) == mixed[:7]).all()


@pytest.mark.slow
def test_the_same_seed_and_classes_train_the_same_generator_and_other_classes_another(
    tmp_path: Path,
) -> None:
    first, again = (trained(tmp_path / name, "dcgan", OF_CLASSES).read_bytes() for name in "ab")

    assert first == again
    patches, classes = shaded(64)
    other = train_generator(
        patches,
        architecture=OF_CLASSES,
        training=settings(),
        folder=tmp_path / "c",
        device=CPU,
        on_epoch=lambda _event: None,
        classes=1 - classes,
    )
    assert other.read_bytes() != first


@EVERY
def test_the_file_is_what_the_architecture_with_its_classes_declares(
    tmp_path: Path, architecture: DcganArchitecture | ResidualArchitecture
) -> None:
    loss: Loss = "relativistic" if isinstance(architecture, ResidualArchitecture) else "dcgan"
    weights = trained(tmp_path / "t", loss, architecture, epochs=1)

    inspect_weights(weights, architecture.generator_tensors())

    state = blank_generator(architecture).state_dict()
    declared = {name: spec.shape for name, spec in architecture.generator_tensors().items()}
    assert {name: tuple(state[name].shape) for name in declared} == declared
    without = architecture.model_copy(update={"classes": (), "class_networks": "shared"})
    with pytest.raises(WrongTensorsError):
        inspect_weights(weights, without.generator_tensors())


@EVERY
def test_a_discriminator_is_told_the_classes_of_each_of_several_batches(
    architecture: DcganArchitecture | ResidualArchitecture,
) -> None:
    network = new_discriminator(architecture, settings(loss="wgan-gp"), torch.Generator()).eval()
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():  # a residual block begins as nothing
        for parameter in network.parameters():
            parameter.normal_(0, 0.3, generator=random)
    patches = torch.rand(4, 1, SIDE, SIDE) * 2 - 1
    benign, malignant = torch.eye(2)

    def scored(batch: Tensor, *rows: Tensor) -> Tensor:
        return ConditionedScorer(network, torch.stack(rows))(batch)

    together = scored(patches, benign, malignant)
    assert torch.allclose(together[2:], scored(patches[2:], benign, malignant), atol=1e-5)
    assert not torch.allclose(
        scored(patches[:1], benign), scored(patches[:1], malignant), atol=1e-4
    )


def test_with_a_network_for_each_class_none_sees_anothers_patches() -> None:
    generator = new_generator(ONE_EACH, torch.Generator().manual_seed(2)).train()
    classes = torch.tensor([1, 0, 1, 1, 0])
    latents = torch.randn(5, ONE_EACH.latent_size, generator=torch.Generator().manual_seed(3))

    together = generator(with_classes(latents, classes, ONE_EACH))

    for number in range(2):
        own = classes == number
        alone = new_generator(ONE_EACH.of_one_class(), torch.Generator()).train()
        alone.load_state_dict(
            {
                name.removeprefix(f"networks.{number}."): value
                for name, value in new_generator(ONE_EACH, torch.Generator().manual_seed(2))
                .state_dict()
                .items()
                if name.startswith(f"networks.{number}.")
            }
        )
        assert torch.equal(together[own], alone(latents[own]))
    together[classes == 0].sum().backward()
    grads = [generator.get_parameter(f"networks.{number}.output.weight").grad for number in (0, 1)]
    assert grads[0] is not None
    assert grads[0].any()
    assert grads[1] is None or not grads[1].any()


def test_a_network_for_each_class_needs_classes_and_no_fixed_graph() -> None:
    with pytest.raises(ValidationError, match="needs classes"):
        DcganArchitecture(class_networks="one_each")
    with pytest.raises(ValueError, match="compile needs the same steps"):
        check_classes(GeneratorTraining(compile=True), ONE_EACH)


def test_without_classes_nothing_is_added_and_old_cards_say_the_same() -> None:
    latents, classes = torch.randn(3, ARCHITECTURE.latent_size), torch.zeros(3, dtype=torch.int64)

    assert with_classes(latents, classes, ARCHITECTURE) is latents
    assert drawn_classes(np.arange(5), ARCHITECTURE).tolist() == [0] * 5
    assert "classes" not in ARCHITECTURE.model_dump()
    assert DcganArchitecture.model_validate_json(OF_CLASSES.model_dump_json()) == OF_CLASSES


@pytest.mark.parametrize("classes", [("benign",), ("benign", "benign"), ("mass", "benign")])
def test_other_classes_are_refused(classes: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        DcganArchitecture.model_validate({"classes": classes})


def test_patches_need_a_class_each_where_the_architecture_has_classes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs one of the numbers"):
        train(tmp_path, settings(), architecture=OF_CLASSES)
