"""Studies say that a generator learned from lesions that were cut otherwise than the own ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.mammography.mammograms import Reading
from centre_node.study.cuttings import cutting_warnings
from centre_node.study.durations import Pace
from centre_node.study.plan import Paces, plan_study
from centre_node.study.preparation import prepare
from node_api.patches import PatchConfiguration
from shared.cuttings import Cutting
from shared.packages import Package
from shared.progress import Progress
from tests.centre_node.study.made_up import phantoms, tiny_inputs, tiny_study, untrained_package

AS_OWN = Cutting(margin_px=6, smallest_side_px=16)
WIDE = Cutting(margin_px=60, smallest_side_px=128)
TOLD = (
    "a classifier may learn how lesions were cut: centre-b/lesions learned from lesions with a "
    "margin of 60 px and a smallest side of 128 px, and the own ones are cut with a margin of 6 px "
    "and a smallest side of 16 px; margin and smallest side can be set as the card has them, in "
    "the study's patches, and for a donor's real lesions in donor_cuttings"
)


def own(spacing_mm: float | None = None) -> Reading:
    images = phantoms().mammograms
    return replace(
        phantoms(), mammograms=tuple(replace(one, pixel_spacing_mm=spacing_mm) for one in images)
    )


def warnings(*packages: Package, donor: Reading | None = None, **changes: Any) -> tuple[str, ...]:
    arms = [
        {"name": f"from {number}", "generators": (package.digest,)}
        for number, package in enumerate(packages)
    ]
    real = {"name": "Real B", "real_donors": ("centre-b",)}
    configuration = tiny_study(packages[0], **{"arms": (*arms, real), **changes})
    cards = {package.digest: package.card for package in packages}
    return cutting_warnings(configuration, cards, own(), {"centre-b": donor or own()})


@pytest.mark.parametrize(("cutting", "told"), [(None, ()), (AS_OWN, ()), (WIDE, (TOLD,))])
def test_only_a_cutting_that_is_told_and_differs_is_warned_of(
    tmp_path: Path, cutting: Cutting | None, told: tuple[str, ...]
) -> None:
    assert warnings(untrained_package(tmp_path, cutting=cutting)) == told


def test_several_generators_are_told_of_in_one_sentence(tmp_path: Path) -> None:
    packages = [
        untrained_package(tmp_path / str(seed), centre=centre, seed=seed, cutting=cutting)
        for seed, (centre, cutting) in enumerate(
            (
                ("centre-b", WIDE),
                ("centre-c", WIDE),
                ("centre-d", Cutting(margin_px=7, smallest_side_px=16)),
                ("centre-e", AS_OWN),
            )
        )
    ]

    (told,) = warnings(*packages)

    assert "centre-b/lesions and centre-c/lesions learned from lesions with a margin of 60" in told
    assert "16 px; centre-d/lesions learned from lesions with a margin of 7 px, and" in told
    assert "centre-e" not in told


def test_a_donor_with_a_cutting_of_its_own_is_what_its_generator_is_compared_with(
    tmp_path: Path,
) -> None:
    package = untrained_package(tmp_path, cutting=WIDE)

    alike = warnings(
        package, donor_cuttings={"centre-b": {"margin_px": 60, "smallest_side_px": 128}}
    )
    (other,) = warnings(package, donor_cuttings={"centre-b": {"margin_px": 60}})

    assert alike == ()
    assert (
        "with a smallest side of 128 px, and its real ones (centre-b) are cut with a smallest side "
        "of 16 px;" in other
    )


def test_plan_and_preparation_tell_it_once_before_patches_are_cut(tmp_path: Path) -> None:
    package = untrained_package(tmp_path, cutting=WIDE)
    configuration = tiny_study(
        package,
        patches=PatchConfiguration(margin_px=6, smallest_side_px=16),
        train_fractions=(1.0,),
        arms=({"name": "none"}, {"name": "B", "generators": (package.digest,)}),
    )
    inputs = replace(tiny_inputs(package), own=own(0.07))
    told: list[Progress] = []
    paces = Paces({"cnn": Pace(step=1.0, prediction=1.0)}, image=0.0)

    plan = plan_study(configuration, inputs, paces)
    ready = prepare(
        configuration,
        inputs,
        folder=tmp_path / "cache",
        device=torch.device("cpu"),
        threads=1,
        on_progress=told.append,
    )

    assert plan.warnings == ready.warnings == (TOLD,)
    assert [one.warning for one in told if one.warning] == [TOLD]
    assert told[0].warning == TOLD
