"""Audits of generators: one that memorised, and one that never saw anybody."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.generators.construction import new_generator
from centre_node.generators.training import train_generator
from centre_node.generators.weights import export_weights
from centre_node.privacy.audit import Audit, AuditedGenerator, FinishedAudit
from centre_node.privacy.candidates import Candidates, candidates
from centre_node.privacy.decisions import decide
from centre_node.privacy.discriminator import discriminator_scores
from centre_node.privacy.inversion import reconstruct
from node_api.audits import AuditReport, AuditSettings
from node_api.generator_training import Augmentation, GeneratorTraining
from node_api.release import ReleasePolicy, TrainingFacts
from shared.architectures import DcganArchitecture
from shared.progress import Progress
from tests.centre_node.privacy.made_up import mean_features, population

CPU = torch.device("cpu")
TINY = DcganArchitecture(image_size=16, width=4, latent_size=16)
SETTINGS = AuditSettings(samples=400, seed=3)


def untrained_generator(seed: int) -> torch.nn.Module:
    """Return a generator that saw nobody, with patches of some contrast."""
    generator = new_generator(TINY, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        generator.get_parameter("output.weight").mul_(3000)
    return generator.eval()


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("untrained") / "weights.safetensors"
    export_weights(untrained_generator(0), TINY, path)
    return path


def audited(
    weights: Path,
    of: Candidates,
    folder: Path,
    *,
    architecture: DcganArchitecture = TINY,
    settings: AuditSettings = SETTINGS,
    discriminator: NDArray[np.float64] | None = None,
    steps: list[Progress] | None = None,
) -> FinishedAudit:
    return Audit(
        generator=AuditedGenerator([weights], architecture, None, discriminator),
        candidates=of,
        settings=settings,
        held_out_share=0.2,
        classifier=lambda: mean_features,
        folder=folder,
        device=CPU,
        on_progress=lambda step: None if steps is None else steps.append(step),
    ).run()


def compared(report: AuditReport) -> dict[str, object]:
    return report.model_dump(exclude={"seconds", "made_at"})


def best_auroc(report: AuditReport) -> float:
    return max(figures.auroc for figures in report.attacks)


@pytest.mark.slow
def test_a_generator_that_saw_nobody_tells_nothing_and_the_report_is_whole(
    untrained: Path, tmp_path: Path
) -> None:
    of = population(80, 40, np.random.default_rng(1))

    finished = audited(untrained, of, tmp_path)

    report = finished.report
    assert (report.members.patients, report.held_out.patches) == (40, 40)
    assert {(figures.attack, figures.unit) for figures in report.attacks} == {
        (attack, unit)
        for attack in (
            *(
                f"{kind}, {space}"
                for kind in ("nearest sample", "calibrated nearest sample")
                for space in ("pixels", "principal components", "classifier features")
            ),
            *("density ratio", "ball of samples", "inversion", "calibrated inversion"),
        )
        for unit in ("patch", "patient")
    }
    assert report.too_few is None
    assert report.epsilon is not None
    assert report.epsilon.ceiling > 0
    assert min(figures.p or 0 for figures in report.attacks) > 0.05 / len(report.attacks)
    assert AuditReport.model_validate_json(report.model_dump_json()) == report
    assert finished.picture is not None
    assert finished.picture.startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report_and_finished_parts_are_not_made_again(
    untrained: Path, tmp_path: Path
) -> None:
    of = population(40, 20, np.random.default_rng(0))
    first_steps: list[Progress] = []
    again_steps: list[Progress] = []

    first = audited(untrained, of, tmp_path / "one", steps=first_steps)
    again = audited(untrained, of, tmp_path / "one", steps=again_steps)
    elsewhere = audited(untrained, of, tmp_path / "two")

    assert compared(first.report) == compared(again.report) == compared(elsewhere.report)
    assert first.picture == again.picture
    assert {"samples", "searches"} <= {step.unit for step in first_steps}
    assert {step.unit for step in again_steps} == {"parts"}
    assert not any("attacking" in step.message for step in again_steps)


@pytest.mark.slow
def test_an_interrupted_audit_goes_on_with_what_is_finished(
    untrained: Path, tmp_path: Path
) -> None:
    of = population(40, 20, np.random.default_rng(0))

    class StoppedError(Exception):
        pass

    def stop(_patches: NDArray[np.uint8]) -> NDArray[np.float64]:
        raise StoppedError

    broken = Audit(
        generator=AuditedGenerator([untrained], TINY),
        candidates=of,
        settings=SETTINGS,
        held_out_share=0.2,
        classifier=lambda: stop,
        folder=tmp_path / "one",
        device=CPU,
        on_progress=lambda _step: None,
    )
    with pytest.raises(StoppedError):
        broken.run()
    steps: list[Progress] = []

    resumed = audited(untrained, of, tmp_path / "one", steps=steps)
    whole = audited(untrained, of, tmp_path / "two")

    assert "samples" not in {step.unit for step in steps}
    assert not any("by pixels" in step.message for step in steps)
    assert any("by classifier features" in step.message for step in steps)
    assert compared(resumed.report) == compared(whole.report)


@pytest.mark.slow
def test_parts_of_other_weights_or_patients_are_not_used(untrained: Path, tmp_path: Path) -> None:
    of = population(40, 20, np.random.default_rng(0))
    swapped = replace(of, is_member=np.roll(of.is_member, 4))

    audited(untrained, of, tmp_path)
    audited(untrained, swapped, tmp_path)

    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("members", "others"), [(80, 10), (10, 80)])
def test_of_few_patients_nothing_is_told_and_the_reason_is(
    untrained: Path, tmp_path: Path, members: int, others: int
) -> None:
    of = population(members, others, np.random.default_rng(0))

    report = audited(untrained, of, tmp_path).report

    assert report.attacks == ()
    assert report.copies is None
    assert report.epsilon is None
    assert report.too_few is not None
    assert "5 patients" in report.too_few


def test_no_held_out_patient_at_all_is_too_few(untrained: Path, tmp_path: Path) -> None:
    of = population(80, 40, np.random.default_rng(0))
    alone = candidates(
        of.pixels[of.is_member], [f"p{number}" for number in range(80)], of.pixels[:0], []
    )

    report = audited(untrained, alone, tmp_path).report

    assert report.too_few is not None
    assert "0 patients are held out" in report.too_few


def test_inversion_draws_again_what_the_generator_drew(untrained: Path) -> None:
    network = untrained_generator(0)
    with torch.no_grad():
        drawn = network(torch.randn(6, 16, generator=torch.Generator().manual_seed(5)))
    targets = ((drawn[:, 0] + 1) * 127.5).round().to(torch.uint8).numpy()

    found = reconstruct(
        targets, [untrained], TINY, seed=0, device=CPU, on_count=lambda _done, _total: None
    )

    spread = np.linalg.norm((targets[:, None].astype(float) - targets) / 255, axis=(2, 3))
    assert found.distance.max() < 0.5 * np.median(spread[spread > 0])


@pytest.mark.slow
def test_inversion_searches_the_union_of_an_ensemble(untrained: Path, tmp_path: Path) -> None:
    other = tmp_path / "weights-epoch-0002.safetensors"
    export_weights(untrained_generator(9), TINY, other)
    targets = population(8, 4, np.random.default_rng(0)).pixels
    files = ([untrained], [other], [untrained, other])

    one, two, both = (
        reconstruct(targets, given, TINY, seed=0, device=CPU, on_count=lambda _d, _t: None)
        for given in files
    )

    assert both.distance.mean() <= max(one.distance.mean(), two.distance.mean())


LONG = GeneratorTraining(
    recipe="paper",
    epochs=1000,
    batch_size=12,
    learning_rate=5e-4,
    keep_weights_from_epoch=None,
    checkpoint_every_epochs=1000,
    seed=1,
)
"""So long that 24 patches are known by heart."""


def memorising(of: Candidates, folder: Path, training: GeneratorTraining) -> AuditReport:
    """Train a tiny generator on the members and audit it."""
    architecture = DcganArchitecture(image_size=16, width=16, latent_size=32)
    weights = train_generator(
        of.pixels[of.is_member],
        architecture=architecture,
        training=training,
        folder=folder,
        device=CPU,
        on_epoch=lambda _epoch: None,
    )
    scores = discriminator_scores(folder, architecture, training, of.pixels, CPU)
    settings = AuditSettings(samples=1000, positive_control=True)
    return audited(
        weights,
        of,
        folder / "parts",
        architecture=architecture,
        settings=settings,
        discriminator=scores,
    ).report


@pytest.mark.slow
def test_a_generator_that_memorised_is_found_and_so_is_what_was_planted(tmp_path: Path) -> None:
    of = population(24, 12, np.random.default_rng(0), each=1)

    report = memorising(of, tmp_path, LONG)

    decided = decide(ReleasePolicy(), report, TrainingFacts(patients=24))
    assert decided.verdict == "refused"
    assert "AUROC" in decided.rules_against
    assert best_auroc(report) > 0.8
    assert min(figures.p or 1 for figures in report.attacks) < 0.005
    assert report.copies is not None
    assert report.copies.nearest_ratio_p <= 0.05
    assert report.internal_auroc is not None
    assert report.internal_auroc > 0.9
    assert report.positive_control is not None
    assert report.positive_control.found


@pytest.mark.nightly
def test_augmentation_makes_the_same_training_remember_less(tmp_path: Path) -> None:
    """The strongest of ten attacks is compared, so that chance favours neither side."""
    of = population(24, 12, np.random.default_rng(0), each=1)
    augmented = LONG.model_copy(update={"augmentation": Augmentation(probability=0.8, target=None)})

    plain = memorising(of, tmp_path / "plain", LONG)
    less = memorising(of, tmp_path / "augmented", augmented)

    assert best_auroc(less) < best_auroc(plain) - 0.1
    assert less.internal_auroc is not None
    assert plain.internal_auroc is not None
    assert less.internal_auroc < plain.internal_auroc - 0.1
