import numpy as np
import pytest

from centre_node.fidelity.radiomics import extraction
from centre_node.fidelity.radiomics.extraction import FEATURE_NAMES, radiomic_features
from centre_node.fidelity.radiomics.filters import IMAGES
from tests.centre_node.fidelity.radiomics.textures import CPU, clouds


def column(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, FEATURE_NAMES.index(name)]


def test_every_image_has_every_feature_once() -> None:
    assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == len(IMAGES) * (17 + 24 + 16 + 5)


def test_columns_are_where_their_names_say() -> None:
    patches = clouds(3)

    features = radiomic_features(patches, CPU)

    means = patches.reshape(3, -1).mean(axis=1)
    assert column(features, "original_firstorder_Mean") == pytest.approx(means)
    assert column(features, "wavelet-LL_firstorder_Mean") == pytest.approx(2 * means)
    assert column(features, "wavelet-HH_firstorder_Mean") == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("value", [0, 1, 77, 255])
def test_a_flat_patch_has_finite_features(value: int) -> None:
    features = radiomic_features(np.full((1, 16, 16), value, dtype=np.uint8), CPU)

    assert np.isfinite(features).all()
    assert column(features, "log-sigma-3-px_firstorder_Kurtosis") == 0
    assert column(features, "wavelet-HL_glcm_Contrast") == 0
    assert column(features, "original_glcm_JointAverage") == 17


def test_patches_do_not_depend_on_those_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    patches = np.concatenate([clouds(4), np.zeros((1, 32, 32), dtype=np.uint8)])
    together = radiomic_features(patches, CPU)

    monkeypatch.setattr(extraction, "CHUNK_PIXELS", 1)
    one_by_one = radiomic_features(patches, CPU)

    assert one_by_one == pytest.approx(together, rel=1e-6, abs=1e-6)


def test_blur_is_seen_as_less_contrast_and_longer_runs() -> None:
    sharp = clouds(6)
    blurred = np.mean([np.roll(sharp, shift, 1) for shift in range(4)], axis=0).astype(np.uint8)

    before, after = (radiomic_features(patches, CPU) for patches in (sharp, blurred))

    for name, sign in (("glcm_Contrast", -1), ("glrlm_LongRunEmphasis", 1), ("ngtdm_Busyness", -1)):
        change = column(after, f"original_{name}") - column(before, f"original_{name}")
        assert (sign * change > 0).all(), name


def test_no_patches_have_no_features() -> None:
    assert radiomic_features(np.empty((0, 32, 32), dtype=np.uint8), CPU).shape == (
        0,
        len(FEATURE_NAMES),
    )


@pytest.mark.parametrize(
    "patches", [np.zeros((2, 32, 32)), np.zeros((2, 32, 16), dtype=np.uint8), clouds(1, side=4)]
)
def test_what_is_no_8_bit_square_is_refused(patches: np.ndarray) -> None:
    with pytest.raises(ValueError, match="patches"):
        radiomic_features(patches, CPU)
