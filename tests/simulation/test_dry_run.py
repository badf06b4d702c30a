"""`genshare simulate --dry-run` refuses what the start would refuse."""

from pathlib import Path

import pytest

from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import PhantomSet
from tests.command_line import Genshare

SCENARIO = """
title = "Own data"

[centres.A]
name = "centre-a"
dataset = { format = "coco", where = { FILTER } }

[[generators]]
centre = "A"
name = "lesions"
title = "Lesions"
training = { batch_size = 16 }
licence = "CC0 1.0"
use_terms = "Tests"
contact = "tests"

[[studies]]
centre = "A"
arms = [{ name = "none" }]
"""


@pytest.fixture
def mammograms(tmp_path: Path) -> Path:
    folder = tmp_path / "coco"
    phantoms = PhantomSet(style="digital", patients=2, seed=1, image_height_px=256)
    write_phantoms(phantoms, folder, layout="coco", on_progress=lambda *_: None)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("filter_", "said"),
    [
        ('no_such_column = "x"', "the mammograms of centre A in"),
        ("", "fewer than one batch of 16"),
    ],
    ids=["filter", "few lesions"],
)
def test_mammograms_that_the_start_would_refuse_are_refused(
    tmp_path: Path, mammograms: Path, genshare: Genshare, filter_: str, said: str
) -> None:
    scenario, out = tmp_path / "own.toml", tmp_path / "out"
    scenario.write_text(SCENARIO.replace("FILTER", filter_))

    refused = genshare("simulate", scenario, "--data", f"A={mammograms}", "--out", out, "--dry-run")

    assert refused.code == 1
    assert said in " ".join(refused.stderr.split())
    assert not out.exists()


def test_a_results_folder_that_the_start_would_refuse_is_refused(
    tmp_path: Path, genshare: Genshare
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    refused = genshare("simulate", "quick", "--out", tmp_path, "--dry-run")

    assert refused.code == 1
    assert "is not a folder of results" in " ".join(refused.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
