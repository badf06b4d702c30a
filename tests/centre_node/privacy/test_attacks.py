from collections.abc import Mapping

import numpy as np
import pytest
import torch

from centre_node.privacy.attacks import SPACES, SampleAttacks
from centre_node.privacy.candidates import Candidates, candidates
from centre_node.privacy.copies import find_copies
from centre_node.privacy.errors import AuditRefusedError
from centre_node.privacy.figures import scored_of
from centre_node.privacy.positive_control import run_positive_control
from centre_node.privacy.spaces import Patches
from centre_node.privacy.telling_apart import Told, tell_apart
from tests.centre_node.privacy.made_up import (
    mean_features,
    population,
    samples_leaking,
    textures,
)

CPU = torch.device("cpu")


def told(of: Candidates, samples: Patches) -> Mapping[str, Told]:
    attacks = SampleAttacks(of, samples, mean_features, CPU)
    random = np.random.default_rng(0)
    return {
        name: tell_apart(scored_of(of, scores), random)
        for space in SPACES
        for name, scores in attacks.scores(space).by_attack.items()
    }


@pytest.mark.slow
def test_a_planted_leak_is_found_by_every_calibrated_attack_and_the_larger_one_better() -> None:
    random = np.random.default_rng(0)
    of = population(120, 60, random)
    small, large = (
        told(of, samples_leaking(of, 1500, share, random, noise=noise))
        for share, noise in ((0.3, 30.0), (0.9, 8.0))
    )

    for name in ("pixels", "principal components", "classifier features"):
        attack = f"calibrated nearest sample, {name}"
        assert large[attack].auroc > 0.9
        assert large[attack].lower > 0.5
        assert large[attack].auroc > small[attack].auroc
    assert large["density ratio"].lower > 0.5
    assert large["ball of samples"].lower > 0.5


@pytest.mark.slow
def test_calibration_sees_a_leak_that_the_plain_distance_confuses_with_easy_patches() -> None:
    """Half of the patients have patches without contrast, which are near to everything."""
    random = np.random.default_rng(0)
    plain = population(120, 60, random)
    is_faint = (plain.patients % 2 == 0)[:, None, None]
    pixels = np.where(is_faint, 110 + plain.pixels // 12, plain.pixels).astype(np.uint8)
    of = Candidates(pixels, plain.patients, plain.is_member)
    fresh = textures(1500, random)
    fresh[::2] = 110 + fresh[::2] // 12
    samples = np.concatenate([samples_leaking(of, 1500, 1.0, random, noise=10.0), fresh])

    found = told(of, samples)

    calibrated = found["calibrated nearest sample, pixels"].auroc
    assert calibrated > found["nearest sample, pixels"].auroc + 0.05


@pytest.mark.slow
def test_where_nothing_leaks_each_attack_flags_no_more_than_its_stated_error() -> None:
    random, times = np.random.default_rng(0), 40
    flags: dict[str, list[bool]] = {}
    for _ in range(times):
        for name, found in told(population(40, 20, random), textures(300, random)).items():
            flags.setdefault(name, []).append(found.p <= 0.05)

    most = 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / times)
    assert len(flags) == 8
    assert {
        name: float(np.mean(flagged)) for name, flagged in flags.items() if np.mean(flagged) > most
    } == {}


def test_copies_are_counted_and_expected_ones_beside_them() -> None:
    random = np.random.default_rng(0)
    of = population(120, 60, random)

    leaking = find_copies(of, samples_leaking(of, 500, 0.2, random, noise=6), random, CPU)
    fresh = find_copies(of, textures(500, random), random, CPU)

    assert 100 <= leaking.near_duplicates < 120
    assert leaking.near_duplicates_expected < 10
    assert leaking.authenticity < fresh.authenticity - 0.1
    assert fresh.near_duplicates < 20
    assert fresh.nearest_ratio == pytest.approx(1, abs=0.03)


def test_the_ratio_of_a_generator_of_copies_is_found_by_its_test() -> None:
    random = np.random.default_rng(0)
    of = population(120, 60, random)

    leaking = find_copies(of, samples_leaking(of, 500, 1.0, random, noise=6), random, CPU)

    assert leaking.nearest_ratio < 0.9
    assert leaking.nearest_ratio_p <= 0.01


def test_members_that_are_planted_are_found() -> None:
    random = np.random.default_rng(0)
    of = population(120, 60, random)
    attacks = SampleAttacks(of, textures(500, random), mean_features, CPU)

    control = run_positive_control(attacks, random)

    assert control.planted == 10
    assert control.found
    assert control.auroc > 0.95


def test_an_attack_that_sees_nothing_fails_the_positive_control(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    of = population(120, 60, random)
    attacks = SampleAttacks(of, textures(500, random), mean_features, CPU)
    monkeypatch.setattr("centre_node.privacy.positive_control.NOISE", 200.0)

    assert not run_positive_control(attacks, random).found


def test_a_patient_on_both_sides_is_refused() -> None:
    patches = textures(4, np.random.default_rng(0))

    with pytest.raises(AuditRefusedError, match="1 patient is both trained on and held out"):
        candidates(patches[:2], ["a", "b"], patches[2:], ["b", "c"])
