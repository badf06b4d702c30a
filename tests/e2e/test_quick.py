"""The scenario `quick` in small: what it says first, on its page and on the terminal."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.scenario_file import shipped_scenarios

TIMEOUT_SECONDS = 300
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * TIMEOUT_SECONDS)]

SMALLER = (
    (r"patients = \d+", "patients = 24"),
    (r"image_height_px = \d+", "image_height_px = 256"),
    (r"width = \d+", "width = 4"),
    (r"epochs = 180", "epochs = 2"),
    (r"batch_size = 32", "batch_size = 8"),
    (r"steps = \d+", "steps = 4"),
    (r"train_fractions = \[0\.08,", "train_fractions = [0.4,"),
    (r"synthetic_patches = \d+", "synthetic_patches = 8"),
    (r"(?m)^seeds = .*", "seeds = [0, 1, 2, 3, 4]\nresamples = 100"),
)


def test_the_page_and_the_terminal_say_first_what_few_and_many_lesions_gain(
    tmp_path: Path,
) -> None:
    text = shipped_scenarios()["quick"]
    for pattern, smaller in SMALLER:
        text, found = re.subn(pattern, smaller, text)
        assert found, f"the scenario has no {pattern}"
    (tmp_path / "small.toml").write_text(text)
    out = tmp_path / "out"
    told = [sys.executable, "-m", "genshare", "simulate", str(tmp_path / "small.toml")]

    done = subprocess.run(
        [*told, "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    page = (out / "report" / "index.html").read_text()
    verdicts = [
        " ".join(html.unescape(found).split())
        for found in re.findall(r'<p class="verdict">(.*?)</p>', page, re.DOTALL)
    ]
    own = [re.match(r"centre-a, with (\d+) lesions of its own,", verdict) for verdict in verdicts]
    assert len(own) == 2
    few, many = (int(found[1]) for found in own if found)
    assert few < many
    on_terminal = " ".join(done.stdout.split())
    for verdict in verdicts:
        assert verdict in on_terminal
        assert "centre-b" in verdict
        assert "centre-c" in verdict
