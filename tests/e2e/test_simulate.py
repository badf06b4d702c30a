"""`genshare simulate` as a process: files, resume, interruption."""

import csv
import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.interruption import SENTENCE
from tests.command_line import Genshare
from tests.e2e.tiny import TIMEOUT_SECONDS, TINY, command, finished_tiny, simulated
from tests.waiting import wait_for

POLICY = """
[centres.B.release_policy]
audit_required = true
least_patients = 2
least_held_out_patients = 2
largest_auroc = { patch = 1.0, patient = 1.0 }
largest_hit_rate = {}

"""
"""By the defaults so few patients would be inconclusive."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * TIMEOUT_SECONDS)]


def job_folders(out: Path) -> set[Path]:
    return {path for path in (out / "state").glob("*/jobs/*") if path.is_dir()}


def finished_runs(out: Path) -> dict[Path, int]:
    """Return when each finished run of a study was written."""
    return {path: path.stat().st_mtime_ns for path in out.glob("state/*/studies/runs/*.json")}


def services_of(out: Path) -> list[str]:
    """Return the command lines of the processes that work in a results folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(out / "state") in line:
            found.append(line)
    return found


def wait_while_it_runs(process: "subprocess.Popen[bytes]", out: Path, pattern: str) -> None:
    """Wait until a simulation has written a file."""

    def written() -> bool:
        assert process.poll() is None, "the simulation ended too early"
        return any(out.glob(pattern))

    wait_for(written, TIMEOUT_SECONDS)


def heed_interrupts() -> None:
    """Undo what a shell does to a background job, which ignores Ctrl-C and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tiny(tmp_path_factory)


@dataclass(frozen=True)
class Resumed:
    """A simulation with more rules, which was interrupted, then killed, then went on to its end.

    Attributes:
        before: The runs that were finished when it was killed.
    """

    out: Path
    before: dict[Path, int]

    @property
    def report(self) -> Any:
        return json.loads((self.out / "report" / "report.json").read_text())


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    folder = tmp_path_factory.mktemp("resumed")
    scenario, out = folder / "scenario.toml", folder / "out"
    ruled = TINY.read_text().replace("[centres.C]", f"{POLICY}[centres.C]", 1)
    scenario.write_text(f'signing = "enforce"\napproval = "signed"\n{ruled}')
    interrupt(scenario, out)
    before = kill_in_the_study(scenario, out)
    third = simulated(scenario, out)
    assert third.returncode == 0, third.stdout + third.stderr
    return Resumed(out, before)


def interrupt(scenario: Path, out: Path) -> None:
    """Start a simulation and interrupt its trainings as Ctrl-C does."""
    with subprocess.Popen(
        command(scenario, out),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    ) as interrupted:
        wait_while_it_runs(interrupted, out, "state/centre-b/jobs/*/training/*checkpoint*")
        interrupted.send_signal(signal.SIGINT)
        said, _ = interrupted.communicate(timeout=TIMEOUT_SECONDS)
    assert interrupted.returncode == 130
    assert SENTENCE.encode() in said
    assert services_of(out) == []


def kill_in_the_study(scenario: Path, out: Path) -> dict[Path, int]:
    """Start it again and kill it when its study has finished a run; return those that it has."""
    with subprocess.Popen(
        command(scenario, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as killed:
        wait_while_it_runs(killed, out, "state/centre-a/studies/runs/*.json")
        killed.kill()
    wait_for(lambda: not services_of(out))
    assert not (out / "report").exists()
    return finished_runs(out)


def test_a_finished_simulation_leaves_report_logs_and_state(finished: Path) -> None:
    lines = (finished / "report" / "results.csv").read_text().splitlines()
    rows = list(csv.DictReader(lines))

    assert lines[0].startswith(
        "classifier,arm,train_fraction,lesions,seed,n_train_real,n_train_synthetic,n_test,"
        "prevalence,accuracy,f1,auroc,auprc,f1_healthy,auprc_healthy,"
    )
    assert len(rows) == 2 * 6 * 2
    assert {row["arm"] for row in rows} == {
        "none",
        "extra healthy only",
        "own lesions repeated",
        "B",
        "B + C",
        "Real B",
    }
    synthetic = {row["arm"]: int(row["n_train_synthetic"]) for row in rows}
    assert (synthetic["B"], synthetic["B + C"], synthetic["Real B"]) == (12, 12, 0)
    assert {path.name for path in (finished / "state").iterdir()} >= {
        "hub", "centre-a", "centre-b", "centre-c"
    }  # fmt: skip
    assert {path.name for path in (finished / "logs").iterdir()} == {
        "hub.log", "centre-a.log", "centre-b.log", "centre-c.log"
    }  # fmt: skip
    page = (finished / "report" / "index.html").read_text()
    assert page.count("data:image/png;base64,") >= 4
    assert "https://" not in page
    assert services_of(finished) == []


def test_no_mammogram_or_patch_is_in_the_hubs_folder(finished: Path) -> None:
    blobs = [path for path in (finished / "state" / "hub" / "blobs").rglob("*") if path.is_file()]

    assert len(blobs) == 2 * 2
    for blob in blobs:
        head = blob.read_bytes()[:64]
        assert head[:1] == b"{" or head[8:9] == b"{", "neither a card nor safetensors"


def test_started_again_it_redoes_nothing_and_prints_the_report_as_json(finished: Path) -> None:
    before, table = job_folders(finished), (finished / "report" / "results.csv").read_bytes()

    again = simulated(TINY, finished, "--json")

    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["studies"][0]["configuration"]["lesions"] == "all"
    assert job_folders(finished) == before
    assert (finished / "report" / "results.csv").read_bytes() == table


def test_interrupted_and_then_killed_it_resumes_to_the_same_numbers(
    finished: Path, resumed: Resumed
) -> None:
    """Nor do they depend on whether generators are signed, approved and audited for a policy."""
    table = Path("report") / "results.csv"

    assert resumed.before.items() <= finished_runs(resumed.out).items()
    assert (resumed.out / table).read_bytes() == (finished / table).read_bytes()
    assert len(job_folders(resumed.out)) == len(job_folders(finished))


def test_signed_generators_are_approved_by_rule_and_pulled_by_pinned_keys(
    resumed: Resumed,
) -> None:
    state = resumed.out / "state" / "centre-a"
    trust = json.loads((state / "trust.json").read_text())
    assert (trust["mode"], trust["first_use"]) == ("enforce", False)
    assert {key["how"] for at in trust["centres"].values() for key in at["keys"]} == {"pinned"}
    pulled = [path for path in (state / "generators").iterdir() if path.is_dir()]
    assert len(pulled) == 2
    assert all((path / "signature.json").is_file() for path in pulled)
    assert all((path / "audit-statement-signature.json").is_file() for path in pulled)
    with closing(sqlite3.connect(resumed.out / "state" / "hub" / "hub.sqlite")) as hub:
        query = "SELECT count(*) FROM audit_log WHERE action = 'state_changed' AND caller = ?"
        assert hub.execute(query, ("(rules)",)).fetchone() == (2,)
    assert (state / "signing-key.pem").stat().st_mode & 0o777 == 0o600


def test_what_passes_its_centres_policy_is_published_with_what_was_found(
    resumed: Resumed,
) -> None:
    (generator, _) = resumed.report["generators"]

    assert generator["statement"]["verdict"] == "passed"
    assert generator["statement"]["subject"] == generator["published"]["manifest_digest"]
    assert generator["audit"]["held_out"]["patients"] > 0
    page = (resumed.out / "report" / "index.html").read_text()
    assert "What generators tell of their patients" in page
    assert "B/lesions-dcgan</th><td>passed</td>" in page


def test_a_folder_of_another_scenario_is_refused(
    finished: Path, tmp_path: Path, genshare: Genshare
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(TINY.read_text().replace('title = "Tiny"', 'title = "Other"'))

    refused = genshare("simulate", other, "--out", finished)

    assert refused.code == 1
    assert "holds the results of another scenario" in " ".join(refused.stderr.split())


def test_a_dry_run_writes_nothing(tmp_path: Path, genshare: Genshare) -> None:
    planned = genshare("simulate", TINY, "--out", tmp_path / "out", "--dry-run")

    assert planned.code == 0
    assert "24 classifiers in all" in planned.stdout
    assert not (tmp_path / "out").exists()
