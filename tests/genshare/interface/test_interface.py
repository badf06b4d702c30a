"""genshare as a program imports it, with a real hub."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch

import genshare
from centre_node.sampling.drawing import synthetic_patches
from shared.errors import HubRefusedError, WrongArgumentError
from shared.packages import Package
from shared.problems import GenshareError
from tests.centre_node.study.made_up import untrained_package
from tests.command_line import Genshare
from tests.hub_server import RunningHub, running_hub

NOTEBOOK = Path(__file__).parents[3] / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub")) as hub:
        hub.invited(package.card.centre).publish(package)
        yield hub


@pytest.fixture
def hub(running: RunningHub, tmp_path: Path) -> genshare.Hub:
    token = running.client().invite("reader", renew=True)
    return genshare.Hub(running.url, token, folder=tmp_path / "kept")


def test_a_generator_is_listed_fetched_and_sampled(hub: genshare.Hub, package: Package) -> None:
    (listed,) = hub.generators()
    generator = hub.fetch(f"{listed.centre}/{listed.name}")
    cpu = torch.device("cpu")

    assert generator.digest == package.digest
    assert generator.card == listed.card
    drawn = generator.sample(5, seed=3)
    assert np.array_equal(drawn, synthetic_patches(package, count=5, seed=3, device=cpu))
    again = genshare.open_generator(generator.package.folder)
    assert np.array_equal(again.sample(3, seed=3), drawn[:3])


def test_medigans_two_calls_do_what_they_do_there(hub: genshare.Hub, package: Package) -> None:
    model, side = f"{package.card.centre}/{package.card.name}", package.card.architecture.image_size

    patches = hub.generate(model, num_samples=3)
    loader = hub.get_as_torch_dataloader(model, num_samples=3, batch_size=2)

    batches = list(loader)
    assert [tuple(batch.shape) for batch in batches] == [(2, 1, side, side), (1, 1, side, side)]
    back = (torch.cat(batches)[:, 0] + 1) * 127.5
    assert np.array_equal(back.round().to(torch.uint8).numpy(), patches)


def test_wrong_things_are_one_sentence(hub: genshare.Hub, package: Package, tmp_path: Path) -> None:
    generator = genshare.Generator(package)
    side = package.card.architecture.image_size

    with pytest.raises(WrongArgumentError, match="generator is 'masses'; it must be CENTRE/NAME"):
        hub.fetch("masses")
    with pytest.raises(HubRefusedError, match="centre-x"):
        hub.fetch("centre-x/masses")
    with pytest.raises(ValueError, match=rf"must be uint8 of shape \(n, {side}, {side}\)"):
        genshare.compare(generator, np.zeros((4, 8, 8), dtype=np.uint8))
    with pytest.raises(ValueError, match="4 patches and 1 patient of"):
        genshare.compare(generator, np.zeros((4, side, side), dtype=np.uint8), patients=["a"])
    with pytest.raises(AttributeError, match="no attribute 'fetch'"):
        genshare.fetch  # noqa: B018
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 0}, "count is 0; it must be a whole number, 1 to 1000000000"),
        ({"count": "5"}, "count is '5'; it must be a whole number, 1 to 1000000000"),
        ({"count": 2.5}, "count is 2.5; it must be a whole number, 1 to 1000000000"),
        ({"seed": -1}, "seed is -1; it must be a whole number, 0 or more"),
        ({"pathology": "bad"}, "pathology is 'bad'; it must be one of benign, malignant"),
        ({"threads": 0}, "threads is 0; it must be a whole number, 1 to 1024"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_right(
    package: Package, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        genshare.Generator(package).sample(**{"count": 2, **given})
    assert isinstance(caught.value, GenshareError)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"side_px": 0}, "side_px is 0; it must be a whole number, 1 to 65536"),
        ({"kinds": "mass"}, "kinds is 'mass'; it must be one or more of mass, calcification, oth"),
        ({"kinds": ("masses",)}, "kinds is ('masses',); it must be one or more of mass, calcific"),
        ({"margins": 3}, "there is no margins; there are margin_px, margin_mm, smallest_side_px"),
        ({"margin_mm": -3}, "margin_mm is -3; it must be a number, 0 or more"),
        ({"margin_mm": 3, "margin_px": 3}, "the margin is given in px and in mm; give one of them"),
    ],
)
def test_what_cannot_be_cut_is_said_before_a_folder_is_read(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(WrongArgumentError, match=re.escape(said)):
        genshare.lesion_patches("/nowhere", **{"side_px": 64, **given})


def test_whole_numbers_may_be_those_of_an_array(package: Package) -> None:
    given: Any = {"count": np.int64(3), "seed": np.uint8(1)}

    assert len(genshare.Generator(package).sample(**given)) == 3


def test_importing_it_loads_no_array_or_tensor_library() -> None:
    loaded = "genshare.Hub('http://127.0.0.1:9'); genshare.Study; genshare.Generator"
    program = f"import sys, genshare; {loaded}; print(*{{'numpy', 'torch'}} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.strip() == b""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_notebook_runs_from_its_first_cell_to_its_last(
    running: RunningHub,
    genshare: Genshare,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = ["--format", "inbreast", "--patients", "16", "--image-height-px", "256"]
    assert genshare("data", "phantoms", *made, "--out", str(tmp_path / "own")).code == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENSHARE_HUB_URL", running.url)
    monkeypatch.setenv("GENSHARE_HUB_TOKEN", running.client().invite("reader", renew=True))
    monkeypatch.setenv("MAMMOGRAMS", str(tmp_path / "own"))
    mpl.use("agg")
    names: dict[str, object] = {}

    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)

    told = capsys.readouterr().out
    assert "kernel distance" in told
    assert told.count("AUROC") == 6
    assert (tmp_path / "study" / "index.html").is_file()
