"""`genshare study` as a process: a study from a file, killed and gone on with."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.packages import Package
from tests.centre_node.study.made_up import untrained_package

pytestmark = pytest.mark.slow
SECONDS = 180
ROOT = Path(__file__).parents[3]
STUDY = """
own = {{ format = "phantoms", style = "digital", patients = 24, seed = 2, image_height_px = 256 }}
generators = {{ b = "{package}" }}

[donors.centre-b]
format = "phantoms"
style = "digital"
patients = 12
seed = 5
image_height_px = 256

[study]
patches = {{ margin_px = 6, smallest_side_px = 16 }}
image_size = 16
split_shares = [0.6, 0.2, 0.2]
train_fractions = [1.0]
classifier_training = {{ epochs = 20 }}
synthetic_patches = 10
seeds = [0, 1]
resamples = 100
arms = [
  {{ name = "none" }},
  {{ name = "own lesions repeated", oversampled = true }},
  {{ name = "B", generators = ["b"] }},
  {{ name = "Real B", real_donors = ["centre-b"] }},
]
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return untrained_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def study_file(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("study") / "study.toml"
    file.write_text(STUDY.format(package=package.folder))
    return file


@pytest.fixture(scope="module")
def finished(study_file: Path) -> Path:
    out = study_file.parent / "out"
    done = _study("run", str(study_file), "--out", str(out), "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Report: {out / 'index.html'}\n"
    return out


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "genshare", "study", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"}


def _study(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(*arguments),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=_environment(),
    )


def _runs(out: Path) -> dict[str, int]:
    """Return when each finished run was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "cache/runs").glob("*.json")}


def test_a_study_leaves_its_report_and_every_run_in_a_table(finished: Path) -> None:
    rows = list(csv.DictReader((finished / "results.csv").open()))

    assert len(rows) == 8
    assert {"index.html", "tables.md", "tables.tex", "differences.csv", "mistakes.png"} <= {
        path.name for path in finished.iterdir()
    }


def test_a_study_killed_in_the_middle_goes_on_to_the_same_table(
    study_file: Path, finished: Path, tmp_path: Path
) -> None:
    arguments = ("run", str(study_file), "--out", str(tmp_path), "--workers", "2")
    process = subprocess.Popen(
        _command(*arguments),
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + SECONDS
    while len(_runs(tmp_path)) < 2:
        assert process.poll() is None, "the study ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    finished_runs = _runs(tmp_path)

    resumed = _study(*arguments, "--json")

    assert resumed.returncode == 0, resumed.stderr
    assert 2 <= len(finished_runs) < 8
    assert json.loads(resumed.stdout)["origin"]["runs_found"] == len(finished_runs)
    assert finished_runs.items() <= _runs(tmp_path).items()
    assert (tmp_path / "results.csv").read_text() == (finished / "results.csv").read_text()


def test_the_report_can_be_written_again(finished: Path) -> None:
    page = (finished / "index.html").read_text()
    (finished / "index.html").unlink()

    done = _study("report", str(finished))

    assert done.returncode == 0, done.stderr
    assert (finished / "index.html").read_text() == page


def test_what_depends_on_a_generator_is_listed(finished: Path, package: Package) -> None:
    listed = _study("uses", package.digest[:8], str(finished.parent))
    nothing = _study("uses", "0" * 8, str(finished.parent), "--json")

    assert listed.stdout == (
        f"{finished / 'study-result.json'}: centre-b/lesions ({package.digest[:12]}), "
        "10 patches in 2 runs of the arms B\n"
    )
    assert nothing.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("run", "nowhere.toml", "--out", "x"), 1, "nowhere.toml cannot be read: No such file"),
        (("report", "nowhere"), 1, "nowhere/study-result.json cannot be read: No such file"),
        (("uses", "3f1c9a02", "nowhere", "--json"), 1, "nowhere is no folder"),
    ],
)
def test_wrong_input_is_one_sentence(arguments: tuple[str, ...], code: int, complaint: str) -> None:
    done = _study(*arguments)

    assert done.returncode == code
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_study_is_not_written_over_a_file(study_file: Path) -> None:
    done = _study("run", str(study_file), "--out", str(study_file))

    assert done.returncode == 2
    assert "cannot be made: File exists" in " ".join(done.stderr.replace("│", " ").split())


def test_a_cluster_that_is_not_there_is_said_before_patches_are_cut(
    study_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = _study(
        *("run", str(study_file), "--out", str(out)),
        *("--engine", "ray", "--address", "ray://127.0.0.1:1"),
    )

    assert done.returncode == 1
    assert "there is no Ray cluster at 'ray://127.0.0.1:1'" in " ".join(done.stderr.split())
    assert not out.exists()


def test_an_engine_that_is_not_there_is_said(study_file: Path, tmp_path: Path) -> None:
    done = _study("run", str(study_file), "--out", str(tmp_path), "--engine", "slurm")

    assert done.returncode == 2
    assert "--engine is 'slurm'; it must be one of local, ray" in done.stderr
