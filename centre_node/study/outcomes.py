"""How a run ended, wherever it was done."""

import logging
from dataclasses import dataclass
from pathlib import Path

import torch

from centre_node.study.errors import StudyStoppedError
from centre_node.study.prepared import Run
from centre_node.study.running import OnEpoch, RunResult, do_run
from shared.problems import GenshareError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """A run's result, or the problem that it ended with."""

    run: Run
    result: RunResult | None
    problem: str = ""


def attempt(study_file: Path, run: Run, device: str, on_epoch: OnEpoch) -> Outcome:
    """Do a run; an error of its own becomes its problem, so that the others go on.

    Raises:
        StudyStoppedError, JobCancelledError: The study is to stop.
    """
    stopped: list[BaseException] = []

    def checked_epoch() -> None:
        try:
            on_epoch()
        except BaseException as error:
            stopped.append(error)
            raise

    try:
        result = do_run(study_file, run, device=torch.device(device), on_epoch=checked_epoch)
    except StudyStoppedError:
        raise
    except Exception as error:
        if stopped:
            raise
        log.warning("run %s failed", run.title, exc_info=error)
        return Outcome(run, None, _in_words(error))
    return Outcome(run, result)


def died(run: Run, times: int) -> Outcome:
    """Return the outcome of a run whose process was killed again and again."""
    return Outcome(
        run, None, f"its process died {times} times; too little memory is the usual cause"
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, GenshareError):
        return str(error)
    return f"unexpected {type(error).__name__}; the log tells more"
