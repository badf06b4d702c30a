"""Errors of a simulation."""

from shared.errors import UNAUTHORIZED
from shared.problems import GenshareError, Problem
from shared.safe_text import shown

GIVE_TOKENS = (
    "Give the nodes' token with --node-token or GENSHARE_NODE_TOKEN (it lies in `token` of a "
    "node's data folder), the hub's administrator's with --hub-admin-token or "
    "GENSHARE_HUB_ADMIN_TOKEN."
)


class SimulationError(GenshareError, code="GS-4000", status=500):
    """Base of the errors of a simulation."""


class ScenarioError(
    SimulationError,
    code="GS-4101",
    title="Scenario refused",
    hint="Check a scenario with --dry-run; it starts nothing and writes nothing.",
):
    """A scenario does not exist, cannot be read, or contradicts itself."""


class DataFolderError(
    SimulationError,
    code="GS-4102",
    title="Mammograms folder missing",
    hint="Name each centre's folder: --data A=FOLDER,B=FOLDER.",
):
    """A centre's mammograms folder was not given, or is not there."""


class MammogramsRefusedError(
    SimulationError,
    code="GS-4210",
    title="Mammograms refused",
    hint="Look at the folder with `genshare data inspect`, and at the centre's dataset in the "
    "scenario.",
):
    """A centre's mammograms cannot be read as its scenario says, or are too few for it."""


class ResultsFolderError(
    SimulationError,
    code="GS-4103",
    status=409,
    title="Results folder refused",
    hint="Choose another folder with --out.",
):
    """The results folder cannot be used."""


class OutOfSpaceError(
    SimulationError,
    code="GS-4104",
    status=507,
    title="Disk full",
    hint="Free space and start the same command again; it resumes.",
):
    """The disk of the results folder is full."""


class ServiceFailedError(
    SimulationError,
    code="GS-4201",
    status=500,
    title="Service failed",
    hint="See its log; start the same command again to resume.",
):
    """A process that the simulation started ended, or never answered."""


class ServiceUnreachableError(
    SimulationError,
    code="GS-4202",
    status=502,
    title="Service unreachable",
    hint="Check its URL and that it runs, then start the same command again; it resumes.",
):
    """No answer from the hub or a centre node."""


class ServiceUnreadableError(
    SimulationError,
    code="GS-4203",
    status=502,
    title="Answer unreadable",
    hint="Check that the URL is that of a genshare service of this version.",
):
    """An answer is not what the service's API promises."""


class ServiceRefusedError(
    SimulationError, code="GS-4204", status=502, title="Refused", hint="See the reason."
):
    """A service answered with a problem."""

    def __init__(self, service: str, problem: Problem) -> None:
        reason = f"{problem.status}, {shown(problem.code, 20)}): {shown(problem.detail)}"
        super().__init__(f"{service} refused ({reason}")
        self.problem = problem
        advice = shown(problem.hint) or self.hint
        self.hint = GIVE_TOKENS if problem.status == UNAUTHORIZED else advice


class JobFailedError(
    SimulationError,
    code="GS-4205",
    status=500,
    title="Job failed",
    hint="Remove the cause and start the same command again; finished jobs are not redone.",
):
    """A job at a node failed or was cancelled."""
