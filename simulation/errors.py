"""Errors of a simulation.

* SimulationError
  x ScenarioError              GS-4101  422
  x DataFolderError            GS-4102  422
  x ResultsFolderError         GS-4103  409
  x OutOfSpaceError            GS-4104  507
  x ServiceFailedError         GS-4201  500
  x ServiceUnreachableError    GS-4202  502
  x ServiceUnreadableError     GS-4203  502
  x ServiceRefusedError        GS-4204  502
  x JobFailedError             GS-4205  500
"""

from shared.problems import GenshareError, Problem


class SimulationError(GenshareError):
    """Base of the errors of a simulation."""

    code = "GS-4000"


class ScenarioError(SimulationError):
    """A scenario does not exist, cannot be read, or contradicts itself."""

    code = "GS-4101"
    status = 422
    title = "Scenario refused"
    hint = "Check a scenario with --dry-run; it starts nothing and writes nothing."


class DataFolderError(SimulationError):
    """A centre's mammograms folder was not given, or is not there."""

    code = "GS-4102"
    status = 422
    title = "Mammograms folder missing"
    hint = "Name each centre's folder: --data A=FOLDER,B=FOLDER."


class ResultsFolderError(SimulationError):
    """The results folder cannot be used."""

    code = "GS-4103"
    status = 409
    title = "Results folder refused"
    hint = "Choose another folder with --out."


class OutOfSpaceError(SimulationError):
    """The disk of the results folder is full."""

    code = "GS-4104"
    status = 507
    title = "Disk full"
    hint = "Free space and start the same command again; it resumes."


class ServiceFailedError(SimulationError):
    """A process that the simulation started ended, or never answered."""

    code = "GS-4201"
    title = "Service failed"
    hint = "See its log; start the same command again to resume."


class ServiceUnreachableError(SimulationError):
    """No answer from the hub or a centre node."""

    code = "GS-4202"
    status = 502
    title = "Service unreachable"
    hint = "Check its URL and that it runs, then start the same command again; it resumes."


class ServiceUnreadableError(SimulationError):
    """An answer is not what the service's API promises."""

    code = "GS-4203"
    status = 502
    title = "Answer unreadable"
    hint = "Check that the URL is that of a genshare service of this version."


class ServiceRefusedError(SimulationError):
    """A service answered with a problem."""

    code = "GS-4204"
    status = 502
    title = "Refused"
    hint = "See the reason."

    def __init__(self, service: str, problem: Problem) -> None:
        super().__init__(f"{service} refused ({problem.status}, {problem.code}): {problem.detail}")
        self.problem = problem


class JobFailedError(SimulationError):
    """A job at a node failed or was cancelled."""

    code = "GS-4205"
    title = "Job failed"
    hint = "Remove the cause and start the same command again; finished jobs are not redone."
