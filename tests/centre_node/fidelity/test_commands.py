"""`genshare fidelity` as a user types it."""

from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from centre_node.fidelity import commands as fidelity_commands
from centre_node.fidelity.harmonised import HarmonisedReport
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import AcquisitionStyle, PhantomSet
from shared.fidelity import FidelityReport
from shared.packages import Package
from tests.centre_node.sampling.ensembles import write_random_ensemble

CUT = ("--kinds", "mass", "--margin-px", "8", "--smallest-side-px", "16")
PICTURES = ("nearest-neighbours.png", "side-by-side.png")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return write_random_ensemble(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("data") / "own", patients=26)


@pytest.fixture(scope="module")
def few_mammograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("few") / "own", patients=6)


def _written(folder: Path, *, patients: int, style: AcquisitionStyle = "digital") -> Path:
    phantoms = PhantomSet(
        style=style, patients=patients, seed=0, image_height_px=256, healthy_share=0
    )
    write_phantoms(phantoms, folder, layout="coco", on_progress=lambda _done, _total: None)
    return folder


def run(package: Package, *arguments: str | Path) -> Result:
    words = [str(package.folder), *map(str, arguments)]
    return CliRunner(env={"COLUMNS": "400"}).invoke(fidelity_commands.app, words)


@pytest.mark.slow
def test_samples_stand_beside_real_halves_and_another_centre(
    package: Package, mammograms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    done = run(package, mammograms, *CUT, "--other", mammograms, "--out", out)

    assert done.exit_code == 0, done.output
    report = FidelityReport.model_validate_json((out / "fidelity.json").read_bytes())
    assert report.features.startswith("radiomics")
    assert report.other_centre is not None
    assert report.synthetic.kid is not None
    assert report.other_centre.kid is not None
    assert report.synthetic.kid > report.other_centre.kid  # untrained, and the same
    for name in ("real, the other half", "synthetic", "other centre, real"):
        assert f"\n{name} " in done.stdout
    assert "they stay in the centre" in done.stdout
    assert sorted(path.name for path in out.iterdir()) == ["fidelity.json", *PICTURES]
    for name in PICTURES:
        assert cv2.imread(str(out / name)) is not None
        assert (out / name).stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report(package: Package, mammograms: Path) -> None:
    first, again, another = (
        run(package, mammograms, *CUT, "--json", "--seed", seed).stdout for seed in ("1", "1", "2")
    )

    assert FidelityReport.model_validate_json(first) == FidelityReport.model_validate_json(again)
    assert first != another


@pytest.mark.slow
def test_by_a_look_another_centre_comes_nearer_to_patients_who_have_no_part_in_it(
    package: Package, tmp_path: Path
) -> None:
    own = _written(tmp_path / "own", patients=52)
    film = _written(tmp_path / "film", patients=26, style="film")
    arguments = (own, *CUT, "--other", film, "--json")

    usual = FidelityReport.model_validate_json(run(package, *arguments).stdout)
    done = run(package, *arguments, "--harmonised-by", "greys_and_bands")

    assert done.exit_code == 0, done.output
    report = HarmonisedReport.model_validate_json(done.stdout)
    assert report.harmonised_by == "greys_and_bands"
    assert report.fitted_on > 20
    assert report.synthetic.kid != usual.synthetic.kid
    assert usual.other_centre is not None
    assert report.other_centre is not None
    assert usual.other_centre.kid is not None
    assert report.other_centre.kid is not None
    assert report.other_centre.kid < usual.other_centre.kid


@pytest.mark.slow
def test_a_classifier_of_real_patches_gives_the_features(package: Package, tmp_path: Path) -> None:
    mammograms = _written(tmp_path / "many", patients=80)
    everywhere = ("--healthy-from", "all_mammograms")
    arguments = (*CUT, *everywhere, "--features", "classifier", "--json")

    done = run(package, mammograms, *arguments)

    assert done.exit_code == 0, done.output
    report = FidelityReport.model_validate_json(done.stdout)
    assert "on real patches only, AUROC" in report.features
    assert report.feature_count == 128
    assert report.extractor_sha256 is not None
    again = FidelityReport.model_validate_json(run(package, mammograms, *arguments).stdout)
    assert again == report


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--features", "pixels"), 2, "--features is 'pixels'; it must be one of radiomics"),
        (("--features", "inception"), 2, "--inception-weights FILE go together"),
        (("--inception-weights", "x.pth"), 2, "--inception-weights FILE go together"),
        (("--count", "1"), 2, "--count"),
        (("--harmonised-by", "grain"), 2, "--harmonised-by is 'grain'; it must be one of greys"),
        (("--harmonised-by", "greys"), 1, "compare with beside those that the look is fitted to"),
        (("--margin-px", "8", "--kinds", "calcification"), 1, "two halves of 20 are needed"),
        (("--seed", "4294967296"), 2, "--seed"),
        (("--kinds", "other"), 1, "mammograms have no lesion of the kinds other"),
        (("--features", "inception", "--inception-weights", "x.pth"), 1, "x.pth cannot be read"),
        (("--other", "nowhere"), 1, "nowhere"),
    ],
)
def test_wrong_things_are_one_sentence_and_leave_nothing(
    package: Package,
    few_mammograms: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    done = run(package, few_mammograms, *CUT, *arguments, "--out", tmp_path / "out")

    said = done.output if code == 2 else str(done.exception)
    assert done.exit_code == code
    assert sentence in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_too_few_patches_of_another_centre_are_refused_by_its_name(
    package: Package, mammograms: Path, few_mammograms: Path, tmp_path: Path
) -> None:
    done = run(package, mammograms, *CUT, "--other", few_mammograms, "--out", tmp_path / "out")

    assert f"--other {few_mammograms} has " in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_before_any_work(
    package: Package, tmp_path: Path
) -> None:
    (tmp_path / "kept.txt").write_text("mine")

    done = run(package, "nowhere", *CUT, "--out", tmp_path)

    assert "is there already and not empty" in str(done.exception)


def test_healthy_patches_of_the_classifier_touch_no_lesion_of_another_kind(
    package: Package, few_mammograms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores: list[PatchStore] = []

    def noted(*arguments: PatchStore, **_options: object) -> None:
        stores.extend(arguments)
        raise InterruptedError

    monkeypatch.setattr("centre_node.fidelity.task_features.train_task_features", noted)
    run(
        package,
        few_mammograms,
        *CUT,
        "--healthy-from",
        "all_mammograms",
        "--features",
        "classifier",
    )

    lesions = {m.image_id: m.lesions for m in read_folder(few_mammograms, "auto", {}).mammograms}
    assert {lesion.kind for found in lesions.values() for lesion in found} > {"mass"}
    assert len(stores) == 3
    for record in (store.records[index] for store in stores for index in store.indices(0)):
        boxes = [lesion.box for lesion in lesions[record.image_id]]
        assert not any(record.square_in_image.overlaps(box) for box in boxes)
