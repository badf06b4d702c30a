"""A hub and centre nodes that answer, wherever they run."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from node_api.release import POLICY_FILE
from shared.errors import UNAUTHORIZED, HubRefusedError
from shared.hub_client import HubClient
from shared.toml_text import toml_lines
from simulation.errors import GIVE_TOKENS, ScenarioError
from simulation.node_client import NodeClient
from simulation.processes import Services, free_ports
from simulation.results_folder import LOGS, STATE, write_atomically
from simulation.scenario import HUB, Scenario
from simulation.service_client import ServiceClient, http_client
from simulation.silence import Say, told_when_silent

PROCESSES = "processes.json"


@dataclass(frozen=True)
class Federation:
    """The services of a simulation.

    Attributes:
        hub: With the administrator's token.
        hub_url: As the nodes reach it.
        hub_service: The same hub, for what every service answers.
        nodes: By the centre's label.
        say: Is told when a service does not answer.
    """

    hub: HubClient
    hub_url: str
    hub_service: ServiceClient
    nodes: Mapping[str, NodeClient]
    say: Say = lambda _: None

    @contextmanager
    def asking_hub(self) -> Iterator[HubClient]:
        """Give the hub's client; where the hub does not answer meanwhile, that is said."""
        limit = self.hub.limits.call_seconds
        with told_when_silent(f"{HUB} at {self.hub.url}", self.say, longest_seconds=limit):
            try:
                yield self.hub
            except HubRefusedError as error:
                if error.problem.status == UNAUTHORIZED:
                    error.hint = GIVE_TOKENS
                raise

    def wait_until_healthy(self) -> None:
        """Return once every service answers."""
        for service in (self.hub_service, *self.nodes.values()):
            service.wait_until_healthy()


def attached(
    scenario: Scenario,
    *,
    hub_url: str,
    node_urls: Mapping[str, str],
    hub_admin_token: str,
    node_token: str | None,
    allow_unencrypted: bool = False,
    say: Say = lambda _: None,
) -> Federation:
    """Return a federation that somebody else started.

    Args:
        say: Is told when a service does not answer.
        allow_unencrypted: Whether tokens may go to other machines over plain HTTP.

    Raises:
        UnencryptedError: They would.
        ScenarioError: A centre has a policy in the scenario, but its node has one of its own; or
            the scenario says what the hub approves.
    """
    if scenario.approval is not None:
        raise ScenarioError(
            "the scenario says what the hub approves, but the hub is started elsewhere: say it "
            "there in HUB_APPROVAL"
        )
    for centre in scenario.centres.values():
        if centre.release_policy is not None:
            raise ScenarioError(
                f"the scenario has a release policy for {centre.name}, whose node is started "
                "elsewhere: a policy is the node's own; name its file there in NODE_RELEASE_POLICY"
            )
    client = partial(http_client, allow_unencrypted=allow_unencrypted)
    http = client(hub_url, hub_admin_token)
    nodes = {
        label: NodeClient(centre.name, client(node_urls[label], node_token), say=say)
        for label, centre in scenario.centres.items()
    }
    return Federation(HubClient(http), hub_url, ServiceClient(HUB, http, say=say), nodes, say)


@contextmanager
def started(
    scenario: Scenario, *, root: Path, folders: Mapping[str, str], say: Say = lambda _: None
) -> Iterator[Federation]:
    """Start a federation as processes of this machine; stop them in the end.

    Args:
        root: Gets a folder of state for each service, and one of logs.
        folders: The mammograms folder of each centre that has one, by label.
        say: Is told when a service does not answer.

    Raises:
        ServiceFailedError: A service ended instead of answering.
    """
    admin_token, node_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    hub_port, *node_ports = free_ports(1 + len(scenario.centres))
    with Services(root / LOGS, root / STATE / PROCESSES) as services:
        hub = services.start(
            HUB,
            ["hub", "serve", "--data-dir", str(root / STATE / HUB)],
            port=hub_port,
            environment={"HUB_ADMIN_TOKEN": admin_token, **_approval(scenario)},
        )
        nodes = {
            label: _start_node(services, scenario, label, port, node_token, root, folders, say)
            for label, port in zip(scenario.centres, node_ports, strict=True)
        }
        http = http_client(hub.url, admin_token)
        hub_service = ServiceClient(HUB, http, check=services.check, say=say)
        federation = Federation(HubClient(http), hub.url, hub_service, nodes, say)
        federation.wait_until_healthy()
        yield federation


def _approval(scenario: Scenario) -> Mapping[str, str]:
    return {} if scenario.approval is None else {"HUB_APPROVAL": scenario.approval}


def _start_node(
    services: Services,
    scenario: Scenario,
    label: str,
    port: int,
    token: str,
    root: Path,
    folders: Mapping[str, str],
    say: Say,
) -> NodeClient:
    name = scenario.centres[label].name
    data_dir = root / STATE / name
    if (policy := scenario.centres[label].release_policy) is not None:
        told = policy.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        write_atomically(data_dir / POLICY_FILE, toml_lines(told).encode())
    arguments = ["node", "serve", "--data-dir", str(data_dir)]
    if label in folders:
        arguments += ["--mammograms-dir", folders[label]]
    if lent := _link_lent(scenario, label, root, folders):
        arguments += ["--lent-dir", str(lent)]
    service = services.start(
        name, arguments, port=port, environment={"NODE_TOKEN": token, "NODE_REVIEW": "machine"}
    )
    return NodeClient(name, http_client(service.url, token), check=services.check, say=say)


def _link_lent(
    scenario: Scenario, label: str, root: Path, folders: Mapping[str, str]
) -> Path | None:
    """Make a folder of links to the mammograms that a centre may see, if there are any."""
    lenders = [lender for centre, lender in scenario.loans if centre == label and lender in folders]
    if not lenders:
        return None
    lent = root / STATE / "lent" / scenario.centres[label].name
    lent.mkdir(parents=True, exist_ok=True)
    for lender in lenders:
        link = lent / scenario.centres[lender].name
        link.unlink(missing_ok=True)
        link.symlink_to(Path(folders[lender]).resolve(), target_is_directory=True)
    return lent
