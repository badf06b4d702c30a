"""From a training's weights to what its card says of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from centre_node.fidelity.measuring import MeasuredFidelity, measure_fidelity
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, discs, settings, train

PATIENTS = [f"patient-{number // 2}" for number in range(60)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(
        tmp_path_factory.mktemp("training"), settings(epochs=2, batch_size=20), patches=discs(60)
    )


def _measured(weights: Path, seed: int = 0) -> MeasuredFidelity:
    return measure_fidelity(
        weights, ARCHITECTURE, discs(60), patients=PATIENTS, seed=seed, device=CPU
    )


@pytest.fixture(scope="module")
def measured(weights: Path) -> MeasuredFidelity:
    return _measured(weights)


@pytest.mark.slow
def test_an_untrained_generator_is_far_off_and_real_halves_are_not(
    measured: MeasuredFidelity,
) -> None:
    report = measured.report

    assert report.split_by_patient
    assert report.synthetic.auroc == pytest.approx(1, abs=0.02)
    assert report.real_real.auroc == pytest.approx(0.5, abs=0.2)
    assert report.synthetic.kid is not None
    assert report.real_real.kid is not None
    assert report.synthetic.kid > 10 * abs(report.real_real.kid)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report(weights: Path, measured: MeasuredFidelity) -> None:
    assert _measured(weights).report == measured.report
    assert _measured(weights, seed=1).report != measured.report


@pytest.mark.slow
def test_its_pictures_are_pngs(measured: MeasuredFidelity) -> None:
    pictures = measured.pictures

    assert set(pictures) == {"side-by-side.png", "nearest-neighbours.png"}
    for png in pictures.values():
        assert cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR) is not None
