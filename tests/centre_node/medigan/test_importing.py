import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from centre_node.errors import NotPublishableError
from centre_node.generators.weights import load_generator
from centre_node.medigan.importing import Imported, Publication, import_package
from centre_node.sampling import commands as sampling
from centre_node.sampling.drawing import synthetic_patches
from centre_node.sharing import commands as publish_commands
from shared import commands as hub_commands
from shared.architectures import OPTIMAM_DCGAN, DcganArchitecture
from shared.errors import NonFiniteWeightsError, PackageNotKeptError
from shared.packages import open_package
from signing import fetch_command
from tests.centre_node.medigan.layouts import (
    BcdrGenerator,
    OptimamGenerator,
    metadata,
    whole_checkpoint,
    with_random_weights,
    zipped,
)
from tests.hub_server import RunningHub

CPU = torch.device("cpu")
SAID = Publication(
    centre="centre-c", use_terms="Research only", contact="research@example.org", licence="MIT"
)
ImportIt = Callable[..., Imported]
Original = tuple[nn.Module, Path]


@pytest.fixture
def import_it(tmp_path: Path) -> ImportIt:
    """Import into a new folder, with a new scratch folder each time."""

    def call(source: Path, said: Publication = SAID, **options: Any) -> Imported:
        number = len(list(tmp_path.iterdir()))
        scratch = tmp_path / f"scratch-{number}"
        scratch.mkdir()
        return import_package(source, tmp_path / f"out-{number}", said, scratch=scratch, **options)

    return call


@pytest.fixture(scope="module")
def optimam(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """The generator of 00002 and its weight file, in the format that PyTorch had in 2019."""
    generator = with_random_weights(OptimamGenerator(), seed=2)
    path = tmp_path_factory.mktemp("optimam") / "malign_mass_gen"
    torch.save(generator.state_dict(), path, _use_new_zipfile_serialization=False)
    return generator, path


@pytest.fixture(scope="module")
def bcdr(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """The generator of 00005 and its checkpoint."""
    generator = with_random_weights(BcdrGenerator(), seed=5)
    path = tmp_path_factory.mktemp("bcdr") / "500.pt"
    torch.save(whole_checkpoint(generator.state_dict(), normalised=True), path)
    return generator, path


@pytest.fixture(scope="module")
def wgan(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """The generator of 00006 and its checkpoint."""
    generator = with_random_weights(BcdrGenerator(), seed=6)
    path = tmp_path_factory.mktemp("wgan") / "10000.pt"
    torch.save(whole_checkpoint(generator.state_dict(), normalised=False), path)
    return generator, path


@pytest.mark.parametrize(
    "model",
    [
        "optimam",
        pytest.param("bcdr", marks=pytest.mark.slow),
        pytest.param("wgan", marks=pytest.mark.slow),
    ],
)
def test_an_imported_generator_makes_the_patches_of_the_original(
    model: str, import_it: ImportIt, request: pytest.FixtureRequest
) -> None:
    original, path = request.getfixturevalue(model)

    package = import_it(path).package

    architecture = package.card.architecture
    ours = load_generator(package.folder / "weights.safetensors", architecture, CPU)
    latents = torch.randn(3, architecture.latent_size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, got = original(latents), ours(latents)
    assert expected.std() > 0.05
    torch.testing.assert_close(got, expected, rtol=0.0, atol=1e-6)


def test_the_card_of_00002_says_what_paper_and_metadata_know_and_no_more(
    optimam: Original, import_it: ImportIt, tmp_path: Path
) -> None:
    said = SAID.model_copy(update={"licence": None})
    about = metadata("00002_DCGAN_MMG_MASS_ROI", "malign_mass_gen", "")
    package = zipped(tmp_path / "MALIGN_DCGAN.zip", {"MALIGN_DCGAN/malign_mass_gen": optimam[1]})

    imported = import_it(package, said, metadata=json.dumps(about).encode())

    card = imported.package.card
    assert (card.centre, card.name, card.licence) == ("centre-c", "medigan-00002", "MIT")
    assert card.title == "DCGAN Model for Mammogram Mass Region of Interest Generation"
    assert card.architecture == OPTIMAM_DCGAN
    assert card.pixel_range == (-1.0, 1.0)
    assert (card.training_set.data_set, card.training_set.lesion_kinds) == ("Optimam", ("mass",))
    assert (card.training_set.patients, card.training_set.patches) == (None, 2215)
    training = card.training
    assert (training.loss, training.epochs, training.batch_size) == ("dcgan", None, 64)
    assert card.origin is not None
    assert card.origin.model_id == "00002_DCGAN_MMG_MASS_ROI"
    assert card.origin.dois == ("10.5281/zenodo.5188557", "10.1117/12.2543506")
    assert imported.unknown == (
        "patients",
        "pixel_spacing_mm",
        "cutting",
        "epochs",
        "genshare_version",
        "averaged",
        "augmented",
    )


@pytest.mark.slow
def test_the_card_of_00005_invents_no_counts_and_takes_those_that_are_given(
    bcdr: Original, import_it: ImportIt
) -> None:
    without = import_it(bcdr[1]).package.card
    given = import_it(bcdr[1], SAID.model_copy(update={"patients": 400, "patches": 639}))

    assert (without.training_set.patients, without.training_set.patches) == (None, None)
    assert (without.training.loss, without.training.epochs) == ("dcgan", 500)
    assert without.architecture == DcganArchitecture()
    counts = given.package.card.training_set
    assert (counts.patients, counts.patches) == (400, 639)


@pytest.mark.slow
def test_the_card_of_00006_names_its_loss_and_epochs(wgan: Original, import_it: ImportIt) -> None:
    training = import_it(wgan[1]).package.card.training

    assert (training.loss, training.epochs) == ("wgan-gp", 10_000)


@pytest.mark.slow
def test_patches_drawn_from_0_to_1_become_black_to_white(
    import_it: ImportIt, tmp_path: Path
) -> None:
    generator = with_random_weights(BcdrGenerator(), seed=7)
    last = generator.get_submodule("main.15")
    assert isinstance(last, nn.ConvTranspose2d)
    with torch.no_grad():
        last.weight.abs_()  # what comes in is never below zero, so that nothing comes out below
    path = tmp_path / "500.pt"
    torch.save(whole_checkpoint(generator.state_dict(), normalised=True), path)

    package = import_it(path).package

    assert package.card.pixel_range == (0.0, 1.0)
    latents = torch.randn(64, 100, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        values = generator(latents[:2]).squeeze(1)
    expected = (values * 255).round().numpy().astype(np.uint8)
    drawn = synthetic_patches(package, count=2, seed=3, device=CPU)
    assert np.abs(drawn.astype(int) - expected).max() <= 1  # convolutions of other batches round


@pytest.mark.slow
def test_only_the_generator_leaves_and_what_stays_is_named(
    bcdr: Original, import_it: ImportIt
) -> None:
    imported = import_it(bcdr[1])

    files = {path.name for path in imported.package.folder.iterdir()}
    assert files == {"card.json", "manifest.json", "weights.safetensors"}
    assert imported.package.card.weights[0].size_bytes < 4 * 12_800_000
    assert imported.left_out == (
        "12 tensors under first_layers, equal to those under main",
        "7 tensors under embed_nn, which the generator does not use",
        "5 counters of batches",
        "discriminator",
        "optim_discriminator",
        "optim_generator",
    )


def test_folder_zip_and_weight_file_give_the_same_package(
    optimam: Original, import_it: ImportIt, tmp_path: Path
) -> None:
    path = optimam[1]
    package = zipped(tmp_path / "package.zip", {"MALIGN_DCGAN/malign_mass_gen": path})

    digests = {import_it(source).package.digest for source in (path, path.parent, package)}

    assert len(digests) == 1


def test_metadata_inside_the_package_are_used(
    optimam: Original, import_it: ImportIt, tmp_path: Path
) -> None:
    about = json.dumps(metadata("00002_DCGAN", "malign_mass_gen", "", title="Their title"))
    files: dict[str, Path | bytes] = {
        "P/malign_mass_gen": optimam[1],
        "P/metadata.json": about.encode(),
    }

    card = import_it(zipped(tmp_path / "package.zip", files)).package.card

    assert card.title == "Their title"


@pytest.mark.slow
def test_an_imported_generator_is_published_fetched_and_sampled_as_the_original(
    optimam: Original, import_it: ImportIt, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    package = import_it(optimam[1]).package
    token = loopback_hub.client().invite("centre-c", renew=True)
    runner = CliRunner(env={"GENSHARE_HUB_URL": loopback_hub.url, "GENSHARE_HUB_TOKEN": token})
    fetched, patches = str(tmp_path / "fetched"), tmp_path / "patches"

    sent = runner.invoke(publish_commands.app, [str(package.folder)])
    got = runner.invoke(fetch_command.app, ["centre-c", "medigan-00002", "--out", fetched])
    listed = runner.invoke(hub_commands.app, ["list", "--centre", "centre-c", "--json"])
    sample = [fetched, "--count", "2", "--seed", "5", "--out", str(patches), "--format", "npy"]
    drawn = runner.invoke(sampling.app, sample)

    for done in (sent, got, listed, drawn):
        assert done.exit_code == 0, done.output
    assert open_package(Path(fetched)).card == package.card
    assert json.loads(listed.stdout)[0]["card"]["training_set"]["patients"] is None
    latents = torch.randn(64, 200, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        values = optimam[0](latents[:2]).squeeze(1)
    expected = ((values + 1) * 127.5).round().numpy().astype(int)
    pixels = np.load(patches / "patches.npy").astype(int)
    assert np.ptp(pixels) > 50
    assert np.abs(pixels - expected).max() <= 1  # a batch of another size can round otherwise
    assert (pixels == expected).mean() > 0.99


def test_weights_that_are_not_finite_are_refused_and_nothing_is_left(
    import_it: ImportIt, tmp_path: Path
) -> None:
    state = OptimamGenerator().state_dict()
    state["model.3.weight"][0, 0, 0, 0] = torch.nan
    path = tmp_path / "malign_mass_gen"
    torch.save(state, path)

    with pytest.raises(NonFiniteWeightsError, match=r"tensor blocks\.1\.convolution\.weight"):
        import_it(path)
    assert not list(tmp_path.glob("*out*"))


def test_a_generator_without_a_known_licence_is_not_packaged(
    optimam: Original, import_it: ImportIt, tmp_path: Path
) -> None:
    with pytest.raises(NotPublishableError, match="no licence of 00002 is known"):
        import_it(optimam[1], SAID.model_copy(update={"licence": None}))
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("change", [{"patients": 4}, {"patches": 4}, {"contact": "<script>"}])
def test_what_may_not_be_on_a_card_is_refused_by_its_field(
    optimam: Original, import_it: ImportIt, change: dict[str, Any]
) -> None:
    with pytest.raises(NotPublishableError, match=next(iter(change))):
        import_it(optimam[1], SAID.model_copy(update=change))


def test_a_folder_that_exists_is_never_written_to(optimam: Original, tmp_path: Path) -> None:
    with pytest.raises(PackageNotKeptError, match="already exists"):
        import_package(optimam[1], tmp_path, SAID, scratch=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_package_is_one_that_opens(optimam: Original, import_it: ImportIt) -> None:
    package = import_it(optimam[1]).package

    assert open_package(package.folder) == package
