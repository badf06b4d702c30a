"""The scenario `paper` from one command, with every size made tiny and nothing left out."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import simulation

PAPER = Path(simulation.__file__).parent / "scenarios" / "paper.toml"
TIMEOUT_SECONDS = 1500
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
    r"epochs = 100 \}": 'epochs = 1, precision = "bfloat16" }',
    r"synthetic_patches = 1200": "synthetic_patches = 4\nworkers = 2\nresamples = 100",
}
PAPERS_ARMS = {
    "none",
    "B (WGAN-GP)",
    "B (DCGAN)",
    "C (DCGAN)",
    "Both (a)",
    "Both (b)",
    "Real B",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(TIMEOUT_SECONDS)]


def tiny_paper() -> str:
    text = PAPER.read_text()
    for pattern, small in SIZES.items():
        text, found = re.subn(pattern, small, text)
        assert found, f"{pattern} is not in {PAPER}"
    for label, phantoms in CENTRES.items():
        text = text.replace(
            f'name = "centre-{label.lower()}"\ndataset = {{ format = "auto" }}',
            f'name = "centre-{label.lower()}"\n'
            f'dataset = {{ format = "phantoms", image_height_px = 256, {phantoms} }}\n'
            "patches = { margin_px = 6, smallest_side_px = 16 }",
        )
    return text


def test_every_cell_of_the_papers_grid_is_filled(tmp_path: Path) -> None:
    scenario, out = tmp_path / "paper.toml", tmp_path / "results"
    scenario.write_text(tiny_paper())

    done = subprocess.run(
        [sys.executable, "-m", "genshare", "simulate", str(scenario), "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((out / "report" / "results.csv").open()))
    cells = {
        (r["classifier"], r["train_fraction"], r["lesions"], r["arm"], r["seed"]) for r in rows
    }
    assert len(rows) == len(cells) == 216
    assert sum(row["arm"] in PAPERS_ARMS for row in rows) == 168
    assert all(row["accuracy"] for row in rows)
    report = json.loads((out / "report" / "report.json").read_text())
    assert len(report["generators"]) == 6
