"""Pulls as a node does that has pinned no key."""

from pathlib import Path
from typing import Any

from centre_node.sharing import receive
from shared.hub_client import HubClient
from shared.packages import Package
from shared.records import GeneratorVersion
from signing.receiving import Receiver
from signing.trust import TrustStore


def pull(
    hub: HubClient, centre: str, name: str, version: int | None, *, folder: Path, **given: Any
) -> tuple[GeneratorVersion, Package]:
    receiver = Receiver(hub, TrustStore(folder.with_name(f"{folder.name}-trust") / "trust.json"))
    record, received = receive.pull(receiver, centre, name, version, folder=folder, **given)
    return record, received.package
