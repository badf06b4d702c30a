import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from centre_node.privacy import distances as module
from centre_node.privacy.densities import log_densities, mass_in_ball
from centre_node.privacy.distances import Groups, blocks, nearest

CPU = torch.device("cpu")


def rows(count: int, size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


def test_nearest_is_that_of_all_pairs_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, support = rows(37, 9, 0), rows(53, 9, 1)
    apart = np.linalg.norm(queries[:, None].astype(float) - support, axis=2)
    whole = nearest(queries, support, CPU)
    monkeypatch.setattr(module, "QUERIES", 10)
    monkeypatch.setattr(module, "SUPPORT", 7)

    found = nearest(queries, support, CPU)

    np.testing.assert_array_equal(found.index, apart.argmin(axis=1))
    np.testing.assert_allclose(found.distance, apart.min(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.index, whole.index)


def test_no_block_is_larger_than_said_however_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUERIES", 16)
    monkeypatch.setattr(module, "SUPPORT", 32)

    shapes = [block.squares.shape for block in blocks(rows(100, 3, 0), rows(500, 3, 1), CPU)]

    assert max(shape.numel() for shape in shapes) == 16 * 32
    assert sum(shape.numel() for shape in shapes) == 100 * 500


def test_a_copy_among_pixels_is_at_zero() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 4096), dtype=np.uint8)

    found = nearest(pixels[3:4], pixels, CPU)

    assert found.index[0] == 3
    assert found.distance[0] == 0


def test_pixels_count_from_0_to_1() -> None:
    black, white = np.zeros((1, 16), np.uint8), np.full((1, 16), 255, np.uint8)

    assert nearest(black, white, CPU).distance[0] == pytest.approx(4)


def test_no_row_is_near_to_one_of_its_own_patient() -> None:
    points = np.array([[0.0], [0.1], [5.0]], dtype=np.float32)
    patients = np.array([7, 7, 8])

    found = nearest(points, points, CPU, groups=Groups(patients, patients))

    np.testing.assert_array_equal(found.index, [2, 2, 1])


def test_a_patient_who_is_alone_has_no_neighbour() -> None:
    points, patients = rows(3, 2, 0), np.zeros(3, dtype=np.int64)

    found = nearest(points, points, CPU, groups=Groups(patients, patients))

    assert np.isinf(found.distance).all()


def test_density_of_many_draws_is_near_to_the_true_one() -> None:
    support, queries = rows(20_000, 2, 0), rows(200, 2, 1)

    found = log_densities(queries, support, CPU) - np.log(2 * np.pi)

    true = multivariate_normal(np.zeros(2), np.eye(2) * (1 + 20_000 ** (-1 / 3))).logpdf(queries)
    assert np.abs(found - true).mean() < 0.1


def test_density_leaves_out_ones_own_patient() -> None:
    points = np.array([[0.0], [1.0], [9.0]], dtype=np.float32)
    patients = np.array([0, 1, 2])

    found = log_densities(points, points, CPU, groups=Groups(patients, patients))

    assert found[0] == pytest.approx(found[1])
    assert found[2] < found[0]


def test_the_ball_counts_what_is_within_and_the_nearer_the_more() -> None:
    support = np.array([[0.5], [0.25], [3.0]], dtype=np.float32)

    mass = mass_in_ball(np.array([[0.0], [50.0]], np.float32), support, 1.0, CPU)

    assert mass == pytest.approx([(np.log(2) + np.log(4)) / 3, 0])
