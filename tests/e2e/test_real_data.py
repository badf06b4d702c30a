"""The loop on real mammograms, small."""

import csv
import os
import subprocess
from pathlib import Path
from statistics import mean

import pytest

from tests.nursery import python

SCENARIO = Path(__file__).parent / "real_small.toml"
REAL_DATA = os.environ.get("GENSHARE_REAL_DATA")


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(REAL_DATA is None, reason="GENSHARE_REAL_DATA is not set")
def test_the_loop_runs_on_real_mammograms(tmp_path: Path) -> None:
    film, digital = Path(str(REAL_DATA)) / "cbis_ddsm", Path(str(REAL_DATA)) / "cdd_cesm"
    out = tmp_path / "out"
    command = [str(python()), "-m", "genshare", "simulate", str(SCENARIO), "--out", str(out)]

    done = subprocess.run(
        [*command, "--data", f"A={film},B={digital}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    with (out / "report" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 2
    # Masses on film differ enough from tissue that even this small classifier sees it.
    assert mean(float(row["auroc"]) for row in rows if row["arm"] == "none") > 0.6
