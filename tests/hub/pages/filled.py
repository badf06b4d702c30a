"""A hub with something of every kind on it."""

from pathlib import Path
from typing import Any

from shared.cards import TrainingSet
from tests.hub_server import RunningHub
from tests.packages import (
    A_PICTURE,
    TINY,
    a_fidelity_report,
    safetensors_bytes,
    tiny_contents,
    write_tiny_ensemble,
    write_tiny_package,
)
from tests.statements import a_statement


def fill(hub: RunningHub, folder: Path) -> None:
    """Publish two generators of two centres, one of them twice; a third centre has none."""
    owner, other = hub.invited("centre-b"), hub.invited("centre-a")
    told: dict[str, Any] = {
        "name": "masses",
        "title": "Masses of phantoms",
        "fidelity": a_fidelity_report(),
        "training_set": TrainingSet(
            data_set="Phantoms", lesion_kinds=("mass",), patients=110, patches=1240
        ),
    }
    first = write_tiny_package(folder / "first", **told)
    owner.state(owner.publish(first), a_statement(subject=first.digest))
    second = write_tiny_ensemble(folder / "second", tiny_contents(2), samples=A_PICTURE, **told)
    owner.state(owner.publish(second), a_statement(subject=second.digest))
    weights = safetensors_bytes(TINY.generator_tensors(), 0.25)
    plain: dict[str, Any] = {"centre": "centre-a", "name": "plain", "title": "Plain"}
    other.publish(write_tiny_package(folder / "plain", weights, **plain))
    hub.invited("centre-c")
