"""The attacks on shared generators that an audit may name, and whom each tells from others."""

from typing import Annotated, Literal

from pydantic import Field

AttackName = Literal[
    "nearest sample, pixels",
    "nearest sample, principal components",
    "nearest sample, classifier features",
    "calibrated nearest sample, pixels",
    "calibrated nearest sample, principal components",
    "calibrated nearest sample, classifier features",
    "density ratio",
    "ball of samples",
    "inversion",
    "calibrated inversion",
]
"""How a person who has the weights would try to tell members from others.

Sources: nearest sample, its calibration and inversion, Chen et al. 2020 (GAN-Leaks,
arXiv 1909.03935); ball, Hilprecht et al. 2019 (arXiv 1906.03006); density ratio, van Breugel et
al. 2023 (DOMIAS, arXiv 2302.12580).
"""

Unit = Literal["patch", "patient"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
MOST_ATTACKS = 32
