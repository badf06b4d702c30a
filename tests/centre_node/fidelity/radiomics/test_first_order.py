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


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).integers(0, 3, 1024),  # ties
        np.append(np.random.default_rng(2).normal(size=1023), 1e6),  # all but one in one bin
        np.append(np.full(900, 5.0), np.arange(124)),
        np.random.default_rng(3).standard_cauchy(1024),
        np.random.default_rng(4).normal(200, 1e-4, 1024),
        np.append(np.random.default_rng(5).normal(0, 1e-18, 900), np.full(124, 9.0)),  # rounding
    ],
)
def test_percentiles_are_exact_however_the_values_lie(values: np.ndarray) -> None:
    image = values.astype(np.float32).reshape(32, 32)

    found = features(image.tolist())

    image = image.astype(np.float64)
    low, quartile, median, third, high = np.percentile(image, [10, 25, 50, 75, 90])
    inner = image[(image >= low) & (image <= high)]
    assert found["10Percentile"] == pytest.approx(low, rel=1e-14)
    assert found["90Percentile"] == pytest.approx(high, rel=1e-14)
    assert found["Median"] == pytest.approx(median, rel=1e-14)
    assert found["InterquartileRange"] == pytest.approx(third - quartile, rel=1e-9)
    assert found["RobustMeanAbsoluteDeviation"] == pytest.approx(
        np.abs(inner - inner.mean()).mean(), rel=1e-9, abs=1e-12
    )


def test_images_side_by_side_keep_their_own_percentiles() -> None:
    images = torch.stack([torch.arange(64).view(8, 8), 1000 - torch.arange(64).view(8, 8)]).float()

    found = first_order_features(images, level_counts(grey_levels(images)))

    assert found[:, NAMES.index("Median")].tolist() == [31.5, 968.5]
