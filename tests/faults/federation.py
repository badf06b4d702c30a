"""A short federation of a donor and a receiver, whose services are killed and started for real."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from node_api.jobs import Job
from node_api.rows import as_csv
from shared.hub_client import HubClient
from shared.repeats import Patience
from simulation.driver import run_scenario
from simulation.federation import Federation
from simulation.node_client import NodeClient
from simulation.scenario_file import read_scenario
from simulation.service_client import ServiceClient, http_client
from simulation.steps import OnJob
from tests.faults.line import Line, line_to
from tests.faults.services import NODE_TOKEN, Service
from tests.hub_server import ADMIN_TOKEN

SCENARIO = read_scenario(str(Path(__file__).parent / "short.toml"))
JOBS = TypeAdapter(list[Job])
SHORT = Patience((0.2, 0.4, 0.8, 1.6))
"""Who waits for a service that was killed waits longer than it takes to start one again."""


@dataclass(frozen=True)
class Short:
    """A hub, a receiver `A` and a donor `B`; the nodes reach the hub over `line`."""

    hub: Service
    nodes: dict[str, Service]
    line: Line

    @property
    def services(self) -> dict[str, Service]:
        """All of them by what faults call them."""
        return {"hub": self.hub, **self.nodes}

    @cached_property
    def admin(self) -> HubClient:
        """The hub, as its administrator calls it."""
        return HubClient(self._hub_http)

    @cached_property
    def staff(self) -> dict[str, NodeClient]:
        """The nodes, as their staff call them."""
        return {
            label: NodeClient(
                SCENARIO.centres[label].name, http_client(node.url, NODE_TOKEN), patience=SHORT
            )
            for label, node in self.nodes.items()
        }

    @cached_property
    def _hub_http(self) -> httpx.Client:
        return http_client(self.hub.url, ADMIN_TOKEN)

    def jobs(self, label: str) -> list[Job]:
        """Return all jobs of a node."""
        return JOBS.validate_json(self.staff[label].send("GET", "/jobs").body)

    def copy(self, folder: Path) -> None:
        """Copy what all services keep, which are to be idle."""
        for service in self.services.values():
            shutil.copytree(service.data_dir, folder / service.data_dir.name, dirs_exist_ok=True)

    def run(self, digest: str, on_job: OnJob) -> str:
        """Do what `genshare simulate` does with services that run; return the study's table."""
        federation = Federation(
            hub=self.admin,
            hub_url=self.line.url,
            hub_service=ServiceClient("hub", self._hub_http, patience=SHORT),
            nodes=self.staff,
        )
        finished = run_scenario(SCENARIO, federation, digest=digest, on_job=on_job)
        return as_csv(finished.studies[0].result.rows)


@contextmanager
def short_federation(root: Path, mammograms: dict[str, Path]) -> Iterator[Short]:
    """Start a federation, each service on its own folder below `root`.

    Args:
        mammograms: The folder of each centre.
    """
    hub = Service("hub", root / "hub")
    nodes = [
        Service("node", root / label, "--mammograms-dir", str(mammograms[label])) for label in "AB"
    ]
    try:
        with line_to(hub.url) as line:
            for service in (hub, *nodes):
                service.wait_until_ready()
            yield Short(hub, dict(zip("AB", nodes, strict=True)), line)
    finally:
        for service in (hub, *nodes):
            service.kill()
