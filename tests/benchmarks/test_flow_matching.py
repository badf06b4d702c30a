from pathlib import Path

import flow_matching
import numpy as np
import pytest
import torch
import typer
from flow_matching import DonorFolder
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.patch_cutting import PatchCutting
from node_api.patches import PatchConfiguration

CUTTING = PatchConfiguration(margin_px=14, smallest_side_px=32, tissue="breast_mask")
ON_PHANTOMS = (
    "--phantoms digital --kinds mass --margin-px 4 --smallest-side-px 16 --size 16 --seconds 1 "
    "--flow-width 16 --samples 70 --sampling-steps 2 --dcgan-width 4"
)


def samples() -> NDArray[np.uint8]:
    """Noise, patches of little contrast, and one without any."""
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64))
    return np.concatenate([noise, 100 + noise[:2] // 16, noise[:1] * 0 + 128]).astype(np.uint8)


def donor(folder: Path, *, cutting: PatchConfiguration = CUTTING, size: int = 64) -> DonorFolder:
    return DonorFolder(folder, "mass", cutting, size)


def test_a_study_cuts_each_sample_as_it_was_drawn(tmp_path: Path) -> None:
    donor(tmp_path / "donor").write(samples(), torch.tensor([0, 1, 0, 1, 0, 1, 0]))

    reading = read_folder(tmp_path / "donor", "auto", {})
    store = PatchCutting(CUTTING, ("mass",)).cut_into(
        tmp_path / "cut", reading.mammograms, healthy=0
    )

    assert np.array_equal(store.crops(range(7), size=64), samples())
    assert [record.pathology for record in store.records] == [
        *["benign", "malignant"] * 3,
        "benign",
    ]
    assert len({record.patient_id for record in store.records}) == 7
    assert not reading.skipped


def test_without_classes_no_pathology_is_told(tmp_path: Path) -> None:
    donor(tmp_path / "donor").write(samples(), None)

    reading = read_folder(tmp_path / "donor", "table", {})

    assert {lesion.pathology for image in reading.mammograms for lesion in image.lesions} == {None}


@pytest.mark.parametrize(
    ("cutting", "size", "message"),
    [
        ({"margin_px": 16}, 32, "more pixels than two margins of 16"),
        ({"margin_px": 4, "smallest_side_px": 128}, 64, "--smallest-side-px, which is 128"),
        ({"margin_mm": 4.2}, 64, "give --margin-px instead of --margin-mm"),
        ({"margin_px": 14, "smallest_side_mm": 9.0}, 64, "instead of --smallest-side-mm"),
        ({"margin_px": 14, "smallest_side_px": 32, "chest_wall": "left"}, 64, "--chest-wall"),
    ],
)
def test_a_cutting_that_cannot_return_samples_is_refused_first(
    tmp_path: Path, cutting: dict[str, object], size: int, message: str
) -> None:
    wrong = donor(tmp_path / "donor", cutting=PatchConfiguration.model_validate(cutting), size=size)

    with pytest.raises(typer.BadParameter, match=message):
        wrong.check_can_be_written()


def test_samples_are_not_written_among_others(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="is there already"):
        donor(tmp_path).check_can_be_written()


def called(arguments: str, out: Path) -> str:
    command = typer.Typer()
    command.command()(flow_matching.main)
    result = CliRunner().invoke(command, [*arguments.split(), "--out", str(out)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_each_sample_is_of_one_kind_of_lesion(tmp_path: Path) -> None:
    said = called(ON_PHANTOMS.replace("mass", "mass,other"), tmp_path / "out")

    assert "name one kind of lesion" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_flow_on_phantoms_leaves_a_donor(tmp_path: Path) -> None:
    said = called(f"{ON_PHANTOMS} --by-pathology --jitter", tmp_path / "out")

    written = sorted((tmp_path / "out" / "donor" / "images").iterdir())
    images = [np.asarray(Image.open(path)) for path in written]
    cutting = PatchConfiguration(margin_px=4, smallest_side_px=16)
    reading = read_folder(tmp_path / "out" / "donor", "table", {})
    store = PatchCutting(cutting, ("mass",)).cut_into(
        tmp_path / "cut", reading.mammograms, healthy=0
    )
    assert np.array_equal(store.crops(range(70), size=16), [image[:16] for image in images])
    assert [record.pathology for record in store.records] == ["benign", "malignant"] * 35
    assert (tmp_path / "out" / "samples.png").exists()
    assert "100 %: step" in said
    assert "flow: 70 samples in" in said
    assert "epochs take as long as the flow's training" in said
