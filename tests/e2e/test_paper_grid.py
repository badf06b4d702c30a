"""The scenario `paper`: its grid counted, and run with every size made tiny."""

import csv
import json
import re
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import simulation
from tests.command_line import Genshare
from tests.nursery import python

PAPER = Path(simulation.__file__).parent / "scenarios" / "paper.toml"
CENTRES = {
    "A": 'style = "digital", patients = 16, seed = 1',
    "B": 'style = "film", patients = 12, seed = 2, healthy_share = 0.0',
    "C": 'style = "soft", patients = 12, seed = 3, healthy_share = 0.0',
}
SIZES = {
    r"image_size = 128, width = 64": "image_size = 16, width = 4",
    r"image_size = 128": "image_size = 16",
    r"epochs = 3000, batch_size = 16": "epochs = 3, batch_size = 4, keep_weights_from_epoch = 1, "
    "keep_weights_every_epochs = 1",
    r"epochs = (2700|10000|10_000), batch_size = 16": "epochs = 2, batch_size = 4",
    r"epochs = 100 \}": 'epochs = 1, precision = "bfloat16", swin_side_px = 32 }',
    r"synthetic_patches = 1200": "synthetic_patches = 4\nworkers = 2\nresamples = 100",
}
COLUMNS = {
    r"train_fractions = \[1.0, 0.5\]": "train_fractions = [1.0]",
    r"seeds = \[0, 1, 2\]": "seeds = [0]",
    r"workers = 2": "workers = 1",
    r"(?s)\[\[generators\]\]\ncentre = \"[BC]\"\nname = \"masses-.*?(?=\[\[|# -)": "",
    r"(?s)\[\[studies\]\]\ncentre = \"A\"\nlesions = \"masses\".*": "",
}
"""Leaves the arms of all lesions with all of the patients, one seed, and both classifiers."""

PAPERS_ARMS = {
    "none",
    "B (WGAN-GP)",
    "B (DCGAN)",
    "C (DCGAN)",
    "Both (a)",
    "Both (b)",
    "Real B",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _tiny_paper() -> str:
    text = _replaced(PAPER.read_text(), SIZES)
    for label, phantoms in CENTRES.items():
        text = text.replace(
            f'name = "centre-{label.lower()}"\ndataset = {{ format = "auto" }}',
            f'name = "centre-{label.lower()}"\n'
            f'dataset = {{ format = "phantoms", image_height_px = 256, {phantoms} }}\n'
            "patches = { margin_px = 6, smallest_side_px = 16 }",
        )
    return text


def _replaced(text: str, replacements: Mapping[str, str]) -> str:
    for pattern, replacement in replacements.items():
        text, found = re.subn(pattern, replacement, text)
        assert found, f"{pattern} is not in {PAPER}"
    return text


def _simulated(scenario: str, folder: Path, genshare: Genshare) -> tuple[list[dict[str, str]], Any]:
    """Return the rows of the table and the report."""
    file, out = folder / "paper.toml", folder / "results"
    file.write_text(scenario)

    done = genshare("simulate", file, "--out", out)

    assert done.code == 0, done.stderr
    rows = list(csv.DictReader((out / "report" / "results.csv").open()))
    cells = {
        (r["classifier"], r["train_fraction"], r["lesions"], r["arm"], r["seed"]) for r in rows
    }
    assert len(rows) == len(cells)
    assert all(row["accuracy"] for row in rows)
    return rows, json.loads((out / "report" / "report.json").read_text())


def test_the_dry_run_counts_the_papers_grid_and_two_controls(genshare: Genshare) -> None:
    done = genshare("simulate", "paper", "--dry-run", "--json")

    plan = json.loads(done.stdout)
    runs, arms = zip(*((study["runs"], study["arms"]) for study in plan["studies"]), strict=True)
    assert sum(runs) == 216
    assert sum(n // len(a) * len(PAPERS_ARMS) for n, a in zip(runs, arms, strict=True)) == 168
    assert all({*names} > PAPERS_ARMS for names in arms)
    assert len(plan["generators"]) == 6


@pytest.fixture
def quick_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have services and workers import nothing."""
    monkeypatch.setattr(sys, "executable", str(python()))


@pytest.mark.usefixtures("quick_starts")
def test_every_arm_of_a_column_is_filled_by_both_classifiers(
    tmp_path: Path, genshare: Genshare
) -> None:
    rows, report = _simulated(_replaced(_tiny_paper(), COLUMNS), tmp_path, genshare)

    arms = {row["arm"] for row in rows}
    assert {(row["classifier"], row["arm"]) for row in rows} == {*product(("cnn", "swin"), arms)}
    assert (len(arms), len(rows)) == (9, 18)
    assert arms > PAPERS_ARMS
    assert len(report["generators"]) == 3


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_cell_of_the_papers_grid_is_filled(tmp_path: Path, genshare: Genshare) -> None:
    rows, report = _simulated(_tiny_paper(), tmp_path, genshare)

    assert len(rows) == 216
    assert sum(row["arm"] in PAPERS_ARMS for row in rows) == 168
    assert len(report["generators"]) == 6
