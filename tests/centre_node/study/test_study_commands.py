"""`genshare study` as a user types it: a study from a file, gone on with, reported."""

import csv
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.study import command_parts
from centre_node.study.lineage import RECEIPT, RESULT
from centre_node.study.local_engine import LocalEngine
from centre_node.study.task_data import image_digests
from genshare.command_line import run
from node_api.choices import Choice
from node_api.data_sources import PhantomSet
from shared.cuttings import Cutting
from shared.marks import keep_mark
from shared.packages import MARK, Package
from shared.states import VersionState
from tests.centre_node.study.made_up import tiny_study, untrained_package
from tests.command_line import Genshare

pytestmark = pytest.mark.slow
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
classifier_training = {{ epochs = 2 }}
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
    with pytest.raises(SystemExit, match="0"):
        run(["study", "run", str(study_file), "--out", str(out), "--workers", "1"])
    return out


@pytest.fixture
def study(genshare: Genshare) -> Genshare:
    return partial(genshare, "study")


def _runs(out: Path) -> dict[str, int]:
    """Return when each finished run was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "cache/runs").glob("*.json")}


def test_a_study_leaves_its_report_and_every_run_in_a_table(finished: Path) -> None:
    rows = list(csv.DictReader((finished / "results.csv").open()))

    assert len(rows) == 8
    assert {"index.html", "tables.md", "tables.tex", "differences.csv", "mistakes.png"} <= {
        path.name for path in finished.iterdir()
    }


def test_started_again_with_other_workers_a_study_repeats_only_the_run_that_is_missing(
    study_file: Path,
    finished: Path,
    tmp_path: Path,
    study: Genshare,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, engines = tmp_path / "out", list[int]()

    def engine(workers: int, runs_a_gpu: int) -> LocalEngine:
        engines.append(workers)
        return LocalEngine(workers, runs_a_gpu)

    monkeypatch.setattr(command_parts, "LocalEngine", engine)
    shutil.copytree(finished, out)
    next((out / "cache/runs").glob("*.json")).unlink()
    (out / "results.csv").unlink()
    left = _runs(out)

    resumed = study("run", study_file, "--out", out, "--workers", "3", "--json")
    again = study("run", study_file, "--out", out, "--workers", "2")

    assert engines == [3, 2]
    assert resumed.code == 0, resumed.stderr
    assert resumed.stderr.startswith(f"goes on in {out}, which holds 7 runs from before\n")
    assert json.loads(resumed.stdout)["origin"]["runs_found"] == len(left) == 7
    assert left.items() <= _runs(out).items()
    assert (out / "results.csv").read_text() == (finished / "results.csv").read_text()
    assert again.code == 0
    *verdicts, report = again.stdout.splitlines()
    assert report == f"Report: {out / 'index.html'}"
    assert "gets no verdict on what centre-b's generator would bring" in verdicts[0]


def test_the_report_can_be_written_again(finished: Path, study: Genshare) -> None:
    page = (finished / "index.html").read_text()
    (finished / "index.html").unlink()

    done = study("report", finished)

    assert done.code == 0, done.stderr
    assert (finished / "index.html").read_text() == page


def test_what_depends_on_a_generator_is_listed(
    finished: Path, package: Package, study: Genshare
) -> None:
    listed = study("uses", package.digest[:8], finished.parent)
    nothing = study("uses", "0" * 8, finished.parent, "--json")

    assert listed.stdout == (
        f"{finished / 'study-result.json'}: centre-b/lesions ({package.digest[:12]}), "
        "10 patches in 2 runs of the arms B\n"
    )
    assert nothing.stdout == "[]\n"


def test_a_withdrawn_generator_taints_its_results_and_the_study_runs_without_it(
    finished: Path, package: Package, study_file: Path, tmp_path: Path, study: Genshare
) -> None:
    mark = VersionState(
        centre="centre-b",
        name="lesions",
        version=1,
        manifest_digest=package.digest,
        state="withdrawn",
        reason="It holds copies",
    )
    copy = shutil.copytree(finished, tmp_path / "results")
    assert (copy / "synthetic-centre-b-lesions.png").exists()
    shutil.copy(copy / "mistakes.png", copy / "of-the-user.png")
    keep_mark(package.folder, mark)
    (tmp_path / "fetched").mkdir()
    keep_mark(tmp_path / "fetched", mark)
    try:
        listed = study("uses", "withdrawn", tmp_path)
        refused = study("run", study_file, "--out", copy, "--workers", "1")
        without = study("run", study_file, "--out", copy, "--workers", "1", "--without", "b")
    finally:
        (package.folder / MARK).unlink()

    assert listed.stdout.endswith("arms B; TAINTED, for it is withdrawn: It holds copies\n")
    assert refused.code == 1
    assert "is withdrawn: It holds copies" in " ".join(refused.stderr.split())
    assert without.code == 0, without.stderr
    arms = {row["arm"] for row in json.loads((copy / RESULT).read_text())["result"]["rows"]}
    assert arms == {"none", "own lesions repeated", "Real B"}
    assert not (copy / "synthetic-centre-b-lesions.png").exists()
    assert (copy / "of-the-user.png").exists()


def test_generators_are_chosen_and_a_study_draws_from_those_that_gain(
    study_file: Path, package: Package, tmp_path: Path, genshare: Genshare
) -> None:
    chosen = genshare("choose", study_file, "--out", tmp_path, "--workers", "1")
    again = genshare("choose", study_file, "--out", tmp_path, "--workers", "1", "--json")

    assert chosen.code == 0, chosen.stderr
    assert "best control on " in chosen.stdout
    assert "own lesions repeated, AUROC " in chosen.stdout
    assert "b (centre-b): gain " in chosen.stdout
    assert "not judged, for a verdict needs 5 seeds, and there are 2; give more" in chosen.stdout
    receipt = (tmp_path / "choice.json").read_text()
    assert json.loads(again.stdout) == json.loads(receipt)
    (tried,) = Choice.model_validate_json(receipt).tried
    assert tried.manifest_digest == package.digest
    assert (tried.share == 1.0) == ((tried.gain or 0) > 0)
    assert not (tmp_path / "study-result.json").exists()


def test_patients_who_came_after_a_choice_are_not_tested_on_by_it(
    package: Package, tmp_path: Path, genshare: Genshare
) -> None:
    own, file, receipt = (tmp_path / name for name in ("own", "study.toml", "out/choice.json"))
    text = STUDY.format(package=package.folder)
    text = text.replace(text.splitlines()[1], f'own = {{ format = "coco", folder = "{own}" }}')
    file.write_text(text)
    _write_patients(24, own)
    assert genshare("choose", file, "--out", receipt.parent, "--workers", "1").code == 0
    choice = json.loads(receipt.read_text())
    choice["tried"][0]["share"] = 1.0  # what helps here is not what is looked at
    receipt.write_text(json.dumps(choice))
    file.write_text(text.replace('generators = ["b"]', f'chosen = "{receipt}"'))

    before = genshare("study", "run", file, "--out", tmp_path / "study", "--dry-run")
    shutil.rmtree(own)
    _write_patients(26, own)
    after = genshare("study", "run", file, "--out", tmp_path / "study", "--dry-run")

    assert before.code == 0, before.stderr
    assert after.code == 1
    assert f"{receipt} was made with other patients" in " ".join(after.stderr.split())


def _write_patients(patients: int, folder: Path) -> None:
    phantoms = PhantomSet(style="digital", patients=patients, seed=2, image_height_px=256)
    write_phantoms(phantoms, folder, layout="coco", on_progress=lambda _done, _total: None)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--train-fraction", "0.3"), "--train-fraction is 0.3; the study has 1.0"),
        (("--classifier", "swin"), "--classifier is swin; the study has cnn"),
    ],
)
def test_what_the_study_does_not_have_cannot_be_chosen_by(
    study_file: Path,
    tmp_path: Path,
    genshare: Genshare,
    options: tuple[str, ...],
    complaint: str,
) -> None:
    done = genshare("choose", study_file, "--out", tmp_path, *options)

    assert done.code == 2
    assert complaint in " ".join(done.stderr.replace("│", " ").split())


def test_splits_are_pooled_and_the_same_split_twice_is_refused(
    study_file: Path, finished: Path, tmp_path: Path, study: Genshare
) -> None:
    other_file, other = study_file.with_name("other.toml"), tmp_path / "other"
    other_file.write_text(study_file.read_text() + "\nsplit_seed = 1\n")
    assert study("run", other_file, "--out", other, "--workers", "1").code == 0

    pooled = study("pool", finished, other)
    as_json = study("pool", finished, other, "--json")
    twice = study("pool", finished, finished)

    assert pooled.code == 0, pooled.stderr
    (line,) = (
        each for each in pooled.stdout.splitlines() if "AUROC: “Real B” against “own" in each
    )
    assert "too few seeds" in line
    parts = [_difference(folder, "Real B") for folder in (finished, other)]
    assert _of(json.loads(as_json.stdout), "Real B") == pytest.approx(sum(parts) / 2)
    assert twice.code == 1
    assert "have the same split_seed, 0" in " ".join(twice.stderr.split())


def _difference(folder: Path, arm: str) -> float:
    result = json.loads((folder / "study-result.json").read_text())["result"]
    return _of(result["findings"]["differences"], arm)


def _of(differences: list[dict[str, Any]], arm: str) -> float:
    (found,) = (
        one["difference"]
        for one in differences
        if (one["arm"], one["metric"], one["against"]) == (arm, "auroc", "own lesions repeated")
    )
    return float(found)


@pytest.mark.parametrize(
    ("arguments", "complaint", "hint"),
    [
        (("run", "no.toml", "--out", "x"), "no.toml cannot be read: No such", "genshare init"),
        (("report", "no"), "no/study-result.json cannot be read: No such", "genshare study run"),
        (("uses", "3f1c9a02", "no", "--json"), "no is no folder", "genshare study run"),
    ],
)
def test_wrong_input_is_one_sentence(
    arguments: tuple[str, ...], complaint: str, hint: str, study: Genshare
) -> None:
    done = study(*arguments)

    assert done.code == 1
    assert complaint in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_study_is_not_written_over_a_file(study_file: Path, study: Genshare) -> None:
    done = study("run", study_file, "--out", study_file)

    assert done.code == 1
    assert "is there already and not empty" in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize("words", [("study", "run"), ("study", "run", "--dry-run"), ("choose",)])
def test_a_folder_of_something_else_is_not_written_to(
    study_file: Path, tmp_path: Path, genshare: Genshare, words: tuple[str, ...]
) -> None:
    (tmp_path / "thesis.tex").write_text("")

    done = genshare(*words, study_file, "--out", tmp_path)

    assert done.code == 1
    assert "is there already and not empty" in " ".join(done.stderr.replace("│", " ").split())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("words", [("study", "run"), ("study", "run", "--dry-run")])
def test_another_study_is_not_written_over_a_report(
    study_file: Path, finished: Path, tmp_path: Path, genshare: Genshare, words: tuple[str, ...]
) -> None:
    other, report = tmp_path / "other.toml", (finished / RESULT).read_bytes()
    other.write_text(study_file.read_text().replace("epochs = 2", "epochs = 3"))

    done = genshare(*words, other, "--out", finished)

    told = " ".join(done.stderr.split())
    assert done.code == 1
    assert "holds another study: classifier_training.epochs is 2 there and 3 here" in told
    assert "Name another folder with --out" in told
    assert (finished / RESULT).read_bytes() == report


@pytest.mark.parametrize(
    ("there", "here", "what"),
    [("seed = 2", "seed = 3", "own data"), ("seed = 5", "seed = 6", "data of centre-b")],
)
def test_a_study_of_other_images_is_not_written_over_a_report(
    study_file: Path,
    finished: Path,
    tmp_path: Path,
    study: Genshare,
    there: str,
    here: str,
    what: str,
) -> None:
    other, report = tmp_path / "other.toml", (finished / RESULT).read_bytes()
    other.write_text(study_file.read_text().replace(there, here))

    done = study("run", other, "--out", finished)

    assert done.code == 1
    assert f"holds another study: the {what} is not the one" in " ".join(done.stderr.split())
    assert "goes on" not in done.stderr
    assert (finished / RESULT).read_bytes() == report


def test_a_study_goes_on_where_its_images_have_moved(package: Package, tmp_path: Path) -> None:
    """What tells images from others is the same for a copy, and not for a part of them."""
    study, here, there = tiny_study(package), tmp_path / "here", tmp_path / "there"
    _write_patients(6, here)
    shutil.copytree(here, there, copy_function=shutil.copyfile)
    whole, moved = (read_folder(folder, "coco", {}) for folder in (here, there))
    fewer = replace(whole, mammograms=whole.mammograms[1:])

    digests = [
        image_digests(study, own, {"centre-b": own})["own data"] for own in (whole, moved, fewer)
    ]

    assert digests[0] == digests[1] != digests[2]


def test_a_study_goes_on_with_another_grid(
    study_file: Path, finished: Path, tmp_path: Path, study: Genshare
) -> None:
    text = study_file.read_text().replace("seeds = [0, 1]", "seeds = [0, 1, 2]")
    text = text.replace("resamples = 100", "resamples = 200")
    text = text.replace("fractions = [1.0]", "fractions = [1.0, 0.5]")
    own = "{ architecture = { image_size = 16 } }"
    more = f'  {{ name = "own G", own_generator = true }},\n]\nown_generator = {own}\n'
    file = tmp_path / "more.toml"
    file.write_text(
        text.replace('donors = ["centre-b"] },\n]', f'donors = ["centre-b"] }},\n{more}')
    )

    done = study("run", file, "--out", finished, "--dry-run")

    assert "own G" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "left"),
    [(("choose",), RESULT), (("study", "run"), RECEIPT), (("study", "run", "--dry-run"), RECEIPT)],
)
def test_a_study_and_a_choice_keep_out_of_each_others_folders(
    study_file: Path, tmp_path: Path, genshare: Genshare, words: tuple[str, ...], left: str
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / left).write_text("{}")

    done = genshare(*words, study_file, "--out", tmp_path)

    assert done.code == 1
    assert f"({left}), which would be mixed with this" in " ".join(done.stderr.split())
    assert (tmp_path / left).read_text() == "{}"


def test_a_study_goes_on_where_only_its_patches_or_only_its_report_are_left(
    study_file: Path, finished: Path, tmp_path: Path, study: Genshare
) -> None:
    for left in ("cache", RESULT):
        out = shutil.copytree(finished, tmp_path / left)
        for path in out.iterdir():
            if path.name != left:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

        assert study("run", study_file, "--out", out, "--dry-run").code == 0


def test_a_cluster_that_is_not_there_is_said_before_patches_are_cut(
    study_file: Path, tmp_path: Path, study: Genshare
) -> None:
    out = tmp_path / "out"
    done = study(
        *("run", study_file, "--out", out),
        *("--engine", "ray", "--address", "ray://127.0.0.1:1"),
    )

    assert done.code == 1
    assert "there is no Ray cluster at 'ray://127.0.0.1:1'" in " ".join(done.stderr.split())
    assert not out.exists()


def test_an_engine_that_is_not_there_is_said(
    study_file: Path, tmp_path: Path, study: Genshare
) -> None:
    done = study("run", study_file, "--out", tmp_path, "--engine", "slurm")

    assert done.code == 2
    assert "--engine is 'slurm'; it must be one of local, ray" in done.stderr


def test_a_generator_of_another_cutting_is_warned_of_once_and_in_all_that_is_left(
    tmp_path: Path, genshare: Genshare
) -> None:
    cutting = Cutting(margin_px=60, smallest_side_px=16)
    package = untrained_package(tmp_path / "package", cutting=cutting)
    file, out, chosen = tmp_path / "study.toml", tmp_path / "out", tmp_path / "chosen"
    file.write_text(STUDY.format(package=package.folder))
    said = "lesions with a margin of 60 px, and the own ones are cut with a margin of 6 px"

    planned = genshare("study", "run", file, "--out", out, "--dry-run")
    done = genshare("study", "run", file, "--out", out, "--workers", "1")
    tried = genshare("choose", file, "--out", chosen, "--workers", "1")

    assert planned.stdout.count(said) == 1
    for command in (done, tried):
        assert command.code == 0, command.stderr
        assert (command.stdout + command.stderr).count(said) == 1
    for result in (json.loads((out / RESULT).read_text())["result"], _receipt(chosen)):
        (warning,) = result["warnings"]
        assert said in warning
    assert (out / "index.html").read_text().count(said) == 1
    assert said in (out / "tables.md").read_text()


def _receipt(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / RECEIPT).read_text()))
