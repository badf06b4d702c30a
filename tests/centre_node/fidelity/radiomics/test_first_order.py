import numpy as np
import pytest
import torch

from centre_node.fidelity.radiomics.first_order import NAMES, first_order_features
from centre_node.fidelity.radiomics.grey_levels import grey_levels, level_counts


def features(values: list[list[float]]) -> dict[str, float]:
    images = torch.tensor([values], dtype=torch.float32)
    found = first_order_features(images, level_counts(grey_levels(images)))[0]
    return dict(zip(NAMES, found.tolist(), strict=True))


def test_features_of_four_values_are_known() -> None:
    found = features([[1, 2], [3, 6]])

    assert found["Energy"] == 50
    assert found["Entropy"] == pytest.approx(2)  # four levels, one pixel each
    assert found["Uniformity"] == 0.25
    assert (found["Minimum"], found["Maximum"], found["Range"]) == (1, 6, 5)
    assert (found["Mean"], found["Median"], found["Variance"]) == (3, 2.5, 3.5)
    assert found["10Percentile"] == pytest.approx(1.3)
    assert found["90Percentile"] == pytest.approx(5.1)
    assert found["InterquartileRange"] == pytest.approx(3.75 - 1.75)
    assert found["MeanAbsoluteDeviation"] == 1.5
    assert found["RobustMeanAbsoluteDeviation"] == 0.5  # of 2 and 3
    assert found["RootMeanSquared"] == pytest.approx(np.sqrt(12.5))
    assert found["Skewness"] == pytest.approx((-8 - 1 + 27) / 4 / 3.5**1.5)
    assert found["Kurtosis"] == pytest.approx((16 + 1 + 81) / 4 / 3.5**2)


def test_many_values_give_what_numpy_says() -> None:
    values = np.random.default_rng(0).gamma(2, 20, (32, 32)).astype(np.float32)

    found = features(values.tolist())

    values = values.astype(np.float64)
    low, high = np.percentile(values, [10, 90])
    inner = values[(values >= low) & (values <= high)]
    assert (found["10Percentile"], found["90Percentile"]) == pytest.approx((low, high))
    assert found["RobustMeanAbsoluteDeviation"] == pytest.approx(
        np.abs(inner - inner.mean()).mean()
    )
    assert found["MeanAbsoluteDeviation"] == pytest.approx(np.abs(values - values.mean()).mean())
    scores = (values - values.mean()) / values.std()
    assert found["Skewness"] == pytest.approx((scores**3).mean())
    assert found["Kurtosis"] == pytest.approx((scores**4).mean())


def test_a_flat_image_has_no_spread_and_no_shape() -> None:
    found = features([[7, 7], [7, 7]])

    assert found.pop("Energy") == 4 * 49
    for name in ("Minimum", "10Percentile", "90Percentile", "Maximum", "Mean", "Median"):
        assert found.pop(name) == 7
    assert found.pop("RootMeanSquared") == 7
    assert found.pop("Uniformity") == 1
    assert list(found.values()) == pytest.approx([0] * len(found), abs=1e-12)
