import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from centre_node.errors import BadMammogramsError
from centre_node.mammography.commands import app
from tests.centre_node.mammography.coco_folder import document, write_coco_folder

runner = CliRunner()

SMALL = ["--margin-px", "6", "--smallest-side-px", "16", "--count", "3", "--size", "40"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_coco_folder(tmp_path / "ours", document())


def test_inspect_prints_a_table_or_json(folder: Path) -> None:
    shown = runner.invoke(app, ["inspect", str(folder)])
    machine = runner.invoke(app, ["inspect", str(folder), "--where", "view=CC", "--json"])

    assert "mass: 6" in shown.output
    assert json.loads(machine.output)["images"] == 6


@pytest.mark.parametrize("options", [[], ["--healthy-from", "all_mammograms"]])
def test_preview_writes_a_picture_of_both_classes(
    folder: Path, tmp_path: Path, options: list[str]
) -> None:
    out = tmp_path / "sheet.png"

    done = runner.invoke(app, ["preview", str(folder), "--out", str(out), *SMALL, *options])

    assert done.exit_code == 0, done.output
    height, width = np.asarray(cv2.imread(str(out))).shape[:2]
    assert (height, width) == (4 * (22 + 40 + 6), 3 * 42 - 2)


def test_preview_of_phantoms(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"

    done = runner.invoke(app, ["preview", "--phantoms", "film", "--out", str(out), *SMALL])

    assert done.exit_code == 0, done.output
    assert out.exists()


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--phantoms", "film"], ["--phantoms", "x"], ["x", "--where", "split"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert runner.invoke(app, ["inspect", *arguments]).exit_code == 2


def test_a_missing_folder_is_our_error(tmp_path: Path) -> None:
    done = runner.invoke(app, ["inspect", str(tmp_path / "nowhere")])

    assert isinstance(done.exception, BadMammogramsError)
