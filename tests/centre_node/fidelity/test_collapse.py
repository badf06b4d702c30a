import numpy as np

from centre_node.fidelity.collapse import mode_collapse
from centre_node.fidelity.comparison import FeatureKind
from centre_node.fidelity.measuring import compare_samples
from tests.centre_node.fidelity.populations import normal


def test_as_varied_samples_as_real_patches_are_not_suspected() -> None:
    found = mode_collapse(normal(200, 10, seed=0), normal(200, 10, seed=1))

    assert found.verdict == "none seen"
    assert found.spread_share is not None
    assert 0.9 < found.spread_share < 1.1
    assert found.duplicate_share is not None
    assert found.duplicate_share < 0.12


def test_one_mode_shows_as_little_spread() -> None:
    found = mode_collapse(normal(100, 10, seed=0), normal(100, 10, seed=1) * 0.1)

    assert found.verdict == "suspected"
    assert found.spread_share is not None
    assert found.spread_share < 0.15


def test_a_few_modes_show_as_duplicates() -> None:
    few = np.repeat(normal(5, 10, seed=2), 20, axis=0) + 0.01 * normal(100, 10, seed=3)

    found = mode_collapse(normal(100, 10, seed=0), few)

    assert found.verdict == "suspected"
    assert found.spread_share is not None
    assert found.spread_share > 0.5
    assert found.duplicate_share == 1
    assert "100%" in found.statement


def test_few_patches_are_not_judged() -> None:
    found = mode_collapse(normal(100, seed=0), normal(19, seed=1))

    assert (found.verdict, found.spread_share, found.duplicate_share) == ("not judged", None, None)
    assert "at least 20" in found.statement


def test_real_patches_that_are_all_alike_do_not_divide_by_nought() -> None:
    found = mode_collapse(np.zeros((30, 2)), np.zeros((30, 2)))

    assert found.spread_share == 1


def test_what_a_training_warned_of_is_not_denied_in_the_end() -> None:
    """Samples of one patch with a little noise vary in features, and hardly in pixels."""
    real = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    alike = np.clip(real[:1].astype(int) + (real % 3), 0, 255).astype(np.uint8)

    found = compare_samples(
        real,
        alike,
        features=lambda patches: normal(len(patches), 10, seed=int(patches.sum()) % 7),
        kind=FeatureKind("made up"),
        patients=[str(number) for number in range(40)],
        seed=0,
    ).report.mode_collapse
    few = mode_collapse(normal(10, seed=0), normal(10, seed=1), pixel_diversity=0.01)

    assert found.spread_share is not None
    assert found.spread_share > 0.5
    assert found.verdict == few.verdict == "suspected"
    assert "pixel by pixel the samples are nearly alike" in found.statement
    assert "pixel by pixel the samples are nearly alike" in few.statement
