"""A simulation whose centres audit their generators and have policies of their own."""

import json
from pathlib import Path

import pytest

from tests.command_line import Genshare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SCENARIO = """
title = "Audited"

[centres.A]
name = "centre-a"
dataset = { format = "phantoms", style = "digital", patients = 16, seed = 1 }
patches = { margin_px = 6, smallest_side_px = 16 }

[centres.B]
name = "centre-b"
dataset = { format = "phantoms", style = "film", patients = 24, seed = 2, healthy_share = 0.0 }
patches = { margin_px = 6, smallest_side_px = 16 }

[centres.B.release_policy]
audit_required = true
least_patients = 2
least_held_out_patients = 2
largest_auroc = { patch = 1.0, patient = 1.0 }
largest_hit_rate = {}

[[generators]]
centre = "B"
name = "lesions-dcgan"
title = "Lesions in film style"
architecture = { image_size = 16, width = 4 }
training = { epochs = 2, batch_size = 8, checkpoint_every_epochs = 2, seed = 1 }
hold_out = { share = 0.4 }
audit = { samples = 100 }
licence = "CC0 1.0"
use_terms = "Tests"
contact = "tests"

[[studies]]
centre = "A"
image_size = 16
split_shares = [0.5, 0.2, 0.3]
train_fractions = [1.0]
synthetic_patches = 8
classifier_training = { epochs = 1 }
seeds = [0]
resamples = 100
arms = [
  { name = "none" },
  { name = "own lesions repeated", oversampled = true },
  { name = "B", generators = ["B/lesions-dcgan"] },
]
"""


def test_what_passes_its_centres_policy_is_published_with_what_was_found(
    genshare: Genshare, tmp_path: Path
) -> None:
    """By the defaults so few patients would be inconclusive: the policy is the scenario's."""
    scenario, report = tmp_path / "scenario.toml", tmp_path / "out" / "report"
    scenario.write_text(SCENARIO)

    done = genshare("simulate", str(scenario), "--out", str(tmp_path / "out"))

    assert done.code == 0, done.stderr
    (generator,) = json.loads((report / "report.json").read_text())["generators"]
    assert generator["statement"]["verdict"] == "passed"
    assert generator["statement"]["subject"] == generator["published"]["manifest_digest"]
    assert generator["audit"]["held_out"]["patients"] > 0
    page = (report / "index.html").read_text()
    assert "What generators tell of their patients" in page
    assert "B/lesions-dcgan</th><td>passed</td>" in page
