import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from centre_node.mammography import preview
from centre_node.mammography.commands import app
from centre_node.mammography.commands.inspect import inspect
from centre_node.mammography.errors import BadMammogramsError, PatchStoreError
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.preview import OUTLINE_BGR
from centre_node.mammography.readers.cbis_ddsm import read_cbis_ddsm
from centre_node.mammography.splits import Split
from tests.centre_node.mammography.coco_folder import annotation, document, write_coco_folder
from tests.centre_node.mammography.readers.cbis_ddsm_folder import (
    region,
    row,
    write_film,
    write_table,
)

runner = CliRunner()

SMALL = ["--margin-px", "6", "--smallest-side-px", "16", "--count", "3", "--size", "40"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_coco_folder(tmp_path / "ours", document())


def test_inspect_prints_a_table_or_json(folder: Path) -> None:
    shown = runner.invoke(app, ["inspect", str(folder)])
    machine = runner.invoke(app, ["inspect", str(folder), "--where", "view=CC", "--json"])

    assert "6, side 30 px" in shown.output
    assert json.loads(machine.output)["images"] == 6


def test_inspect_counts_lesions_of_a_single_point(tmp_path: Path) -> None:
    content = document(2)
    content["annotations"] = [annotation(n, 0, bbox=[10 * n, 9, 1, 1]) for n in range(3)]

    done = runner.invoke(app, ["inspect", str(write_coco_folder(tmp_path, content))])

    assert re.search(r"single point lesions +│ 3 ", done.output), done.output


def test_the_example_of_where_in_the_help_asks_for_a_label_of_its_data_set(tmp_path: Path) -> None:
    (example,) = re.findall(r"cbis_ddsm --where (\S+)=(\S+)", str(inspect.__doc__))
    write_table(tmp_path, row(), split="test")
    write_film(tmp_path, region(40, 50, 60, 80))

    (mammogram,) = read_cbis_ddsm(tmp_path, {}).mammograms

    assert example in mammogram.labels.items()


def test_inspect_writes_the_same_counts_as_json(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "counts.json"

    done = runner.invoke(app, ["inspect", str(folder), "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text())["sizes"]["mass"]["side_px"] == [30, 30, 30]


@pytest.mark.parametrize("options", [[], ["--healthy-from", "all_mammograms"]])
def test_preview_shows_both_classes_of_every_subset(
    folder: Path, tmp_path: Path, options: list[str]
) -> None:
    out = tmp_path / "preview"

    done = runner.invoke(app, ["preview", str(folder), "--out", str(out), *SMALL, *options])

    assert done.exit_code == 0, done.output
    height, _ = np.asarray(cv2.imread(str(out / "patches.png"))).shape[:2]
    assert height == 8 * (22 + 40 + 6)  # two classes of three subsets, and two with jitter
    assert (out / "histograms.png").exists()
    assert "train: " in done.output
    assert "shortcut AUROC" in done.output


def test_a_preview_that_is_terminated_while_it_draws_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def terminated(*_: object, **__: object) -> bytes:
        raise SystemExit(143)

    monkeypatch.setattr(preview, "histograms", terminated)
    out = tmp_path / "preview"
    before = set(tmp_path.iterdir())

    done = runner.invoke(app, ["preview", str(folder), "--out", str(out), *SMALL])

    assert done.exit_code == 143
    assert set(tmp_path.iterdir()) == before


def test_a_preview_into_a_folder_that_is_there_leaves_what_else_is_in_it(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "preview"
    out.mkdir()
    (out / "notes.txt").write_text("mine")

    done = runner.invoke(app, ["preview", str(folder), "--out", str(out), *SMALL])

    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"notes.txt", "patches.png", "histograms.png"}


@pytest.mark.slow
def test_preview_of_phantoms_draws_outlines(tmp_path: Path) -> None:
    out = tmp_path / "preview"

    done = runner.invoke(
        app, ["preview", "--phantoms", "film", "--patients", "24", "--out", str(out), *SMALL]
    )

    assert done.exit_code == 0, done.output
    pixels = np.asarray(cv2.imread(str(out / "patches.png")))
    assert (pixels == OUTLINE_BGR).all(axis=2).sum() > 100


def test_extract_fills_a_store_once(folder: Path, tmp_path: Path) -> None:
    command = ["extract", str(folder), "--out", str(tmp_path / "patches"), "--margin-px", "6"]
    first = runner.invoke(app, command)
    for picture in folder.glob("*.png"):
        picture.chmod(0o000)

    again = runner.invoke(app, command)

    assert "6 lesion and 6 healthy patches" in first.output
    assert again.output == first.output
    store = PatchStore.open(tmp_path / "patches")
    assert store.provenance.images == 12
    assert json.loads((tmp_path / "patches" / "provenance.json").read_text())["healthy"] == 6


def test_split_prints_the_balance_and_writes_the_patients(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "split.json"

    done = runner.invoke(app, ["split", str(folder), "--seed", "3", "--out", str(out)])

    made = Split.model_validate_json(out.read_text())
    assert made.digest() in done.output
    assert sorted([*made.train, *made.validation, *made.test]) == [f"p{n}" for n in range(6)]
    assert [word in done.output for word in ("train", "mass: ", "%")] == [True] * 3


def test_half_of_the_training_patients_lie_inside_all_of_them(folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / "whole.json", tmp_path / "half.json"]
    for file, share in zip(files, ("1", "0.5"), strict=True):
        runner.invoke(app, ["split", str(folder), "--train-share", share, "--out", str(file)])

    whole, half = (Split.model_validate_json(file.read_text()) for file in files)

    assert set(half.train) < set(whole.train)
    assert half.test == whole.test


@pytest.mark.slow
def test_phantoms_are_written_as_a_real_data_set(tmp_path: Path) -> None:
    out = tmp_path / "bcdr"
    small = ["--patients", "3", "--image-height-px", "256"]

    done = runner.invoke(app, ["phantoms", "--format", "bcdr", "--out", str(out), *small])

    assert done.exit_code == 0, done.output
    assert "patients" in runner.invoke(app, ["inspect", str(out)]).output


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--phantoms", "film"], ["--phantoms", "x"], ["x", "--where", "split"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert runner.invoke(app, ["inspect", *arguments]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["preview", "--phantoms", "film", "--tissue", "skin"], "tissue"),
        (["preview", "--phantoms", "film", "--margin-px", "3", "--margin-mm", "1"], "one of them"),
        (["preview", "--phantoms", "film", "--kinds", "mass,scar"], "'scar'"),
        (["split", "--phantoms", "film", "--shares", "0.5", "0.5", "0.5"], "add up to 1"),
        (["phantoms", "--format", "dicom", "--out", "x"], "'dicom'"),
        (["inspect", "x", "--format", "dicom"], "'dicom'"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], named: str) -> None:
    done = runner.invoke(app, arguments)

    assert done.exit_code == 2
    assert named in done.output


def test_a_missing_folder_is_our_error(tmp_path: Path) -> None:
    done = runner.invoke(app, ["inspect", str(tmp_path / "nowhere")])

    assert isinstance(done.exception, BadMammogramsError)


@pytest.mark.parametrize(
    "arguments",
    [
        ["extract", "--margin-px", "6", "--smallest-side-px", "16", "--healthy", "0"],
        ["preview", *SMALL, "--healthy-from", "all_mammograms"],
        ["phantoms", "--format", "coco", "--patients", "3"],
    ],
)
def test_a_place_that_cannot_be_written_to_is_one_sentence(
    folder: Path, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "out"
    source = [] if arguments[0] == "phantoms" else [str(folder)]

    done = runner.invoke(app, [arguments[0], *source, *arguments[1:], "--out", str(out)])

    assert isinstance(done.exception, PatchStoreError)
    assert str(done.exception) == f"cannot write to {out}: Not a directory"
    assert (tmp_path / "file").read_text() == "mine"
