"""A hub with something of every kind on it."""

from pathlib import Path
from typing import Any

from shared.cards import TrainingSet
from shared.cuttings import Cutting
from shared.packages import Package
from shared.records import GeneratorVersion
from shared.states import StateWanted
from signing.keys import make_key
from signing.publishing import Signer
from signing.receipts import sign_receipt
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
from tests.receipts import LOWER, a_receipt
from tests.statements import a_statement


def fill(hub: RunningHub, folder: Path) -> None:
    """Publish generators of three centres on a hub whose operator approves.

    One is there in two versions, one was withdrawn, and one waits.
    """
    masses: dict[str, Any] = {
        "name": "masses",
        "title": "Masses of phantoms",
        "fidelity": a_fidelity_report(),
        "training_set": TrainingSet(
            data_set="Phantoms",
            lesion_kinds=("mass",),
            patients=110,
            patches=1240,
            cutting=Cutting(margin_px=60, smallest_side_px=128),
        ),
    }
    first = write_tiny_package(folder / "first", **masses)
    second = write_tiny_ensemble(folder / "second", tiny_contents(2), samples=A_PICTURE, **masses)
    for package in (first, second):
        record = _approved(hub, package)
        hub.invited("centre-b").state(record, a_statement(subject=package.digest))
    _approved(hub, _package(folder, "centre-a", "plain", 0.25))
    _give_receipts(hub, folder)
    copied = _approved(hub, _package(folder, "centre-c", "withdrawn", 0.125))
    hub.client().life_cycle.change_state(
        copied, StateWanted(state="withdrawn", reason="It held copies")
    )
    hub.invited("centre-c").publish(_package(folder, "centre-c", "waiting", 0.5))


def _give_receipts(hub: RunningHub, folder: Path) -> None:
    """Have two centres say what the first masses were worth to them."""
    for receiver, changes in (("centre-a", {}), ("centre-c", LOWER)):
        client, key = hub.invited(receiver), make_key(folder / f"{receiver}.pem")
        Signer(key, client).introduce(receiver)
        record = client.version("centre-b", "masses", 1)
        receipt = a_receipt(record, receiver=receiver, **changes)
        client.receipts.put(record, receiver, sign_receipt(key, receipt, record.manifest))


def _approved(hub: RunningHub, package: Package) -> GeneratorVersion:
    record = hub.invited(package.card.centre).publish(package)
    hub.client().life_cycle.change_state(record, StateWanted(state="approved"))
    return record


def _package(folder: Path, centre: str, name: str, value: float) -> Package:
    weights = safetensors_bytes(TINY.generator_tensors(), value)
    card: dict[str, Any] = {"centre": centre, "name": name, "title": name.capitalize()}
    return write_tiny_package(folder / name, weights, **card)
