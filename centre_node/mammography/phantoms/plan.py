"""What each image of each patient shows: drawn from the seed, cheaply, nothing rendered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from centre_node.mammography.phantoms.lesions import (
    Finding,
    PlacedLesion,
    draw_finding,
    place,
)
from centre_node.mammography.phantoms.machines import Machine, draw_machine
from centre_node.mammography.phantoms.outline import (
    IMAGE_HEIGHT_MM,
    IMAGE_WIDTH_MM,
    Outline,
    View,
    draw_outline,
)
from node_api.data_sources import PhantomSet

Laterality = Literal["L", "R"]

VIEWS: tuple[View, ...] = ("CC", "MLO")
_BOTH_BREASTS_SHARE = 0.35
_SECOND_LESION_SHARE = 0.15
_DENSITY_SHARES = (0.12, 0.4, 0.36, 0.12)


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """One image. `seed` makes its pixels; everything else is already decided.

    Attributes:
        density: ACR breast density, 1 to 4.
        lesions: In millimetres, chest wall at x = 0 whatever the laterality.
    """

    seed: tuple[int, ...]
    patient: int
    machine: Machine
    height_px: int
    laterality: Laterality
    view: View
    density: int
    outline: Outline
    lesions: tuple[PlacedLesion, ...]

    @property
    def width_px(self) -> int:
        """Width of the image in pixels."""
        return round(self.height_px * IMAGE_WIDTH_MM / IMAGE_HEIGHT_MM)

    @property
    def spacing_mm(self) -> float:
        """Side of a pixel in millimetres."""
        return IMAGE_HEIGHT_MM / self.height_px


def plan_images(configuration: PhantomSet) -> Iterator[ImagePlan]:
    """Yield two views of one or both breasts of each patient, patients in order.

    Of the patients, `round(healthy_share * patients)` have no lesion in any image. Adding patients
    changes none of the earlier ones.
    """
    share = configuration.healthy_share
    for patient in range(configuration.patients):
        healthy = round(share * (patient + 1)) > round(share * patient)
        yield from _plan_patient(configuration, patient, healthy=healthy)


def _plan_patient(configuration: PhantomSet, patient: int, *, healthy: bool) -> Iterator[ImagePlan]:
    random = np.random.default_rng((configuration.seed, patient))
    density = 1 + int(random.choice(4, p=_DENSITY_SHARES))
    size = float(random.uniform(0.78, 1.12))
    sides: list[Laterality] = ["L", "R"] if random.random() < 0.5 else ["R", "L"]
    both = random.random() < _BOTH_BREASTS_SHARE
    findings = _findings(random, configuration)
    for side in sides if both else sides[:1]:
        shown = () if healthy or side != sides[0] else findings
        for view in VIEWS:
            seed = (configuration.seed, patient, "LR".index(side), VIEWS.index(view))
            image = np.random.default_rng((*seed, 0))
            outline = draw_outline(image, view, size=size)
            yield ImagePlan(
                seed=seed,
                patient=patient,
                machine=draw_machine(configuration.style, configuration.seed),
                height_px=configuration.image_height_px,
                laterality=side,
                view=view,
                density=density,
                outline=outline,
                lesions=tuple(place(finding, outline, image) for finding in shown),
            )


def _findings(random: np.random.Generator, configuration: PhantomSet) -> tuple[Finding, ...]:
    count = 2 if random.random() < _SECOND_LESION_SHARE else 1
    return tuple(
        draw_finding(
            random,
            configuration.lesion_forms,
            by_form=configuration.pathology == "by_form",
            stands_out=configuration.lesion_contrast,
        )
        for _ in range(count)
    )
