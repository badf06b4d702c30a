"""What goes wrong in a short federation: drawn from a seed, done for real, and mended."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node_api.jobs import FINISHED, Job
from node_api.requests import PullRequest
from simulation.steps import Step
from tests.faults.federation import SCENARIO, Short
from tests.waiting import wait_for

STAGES = {
    "kill node": ("train", "publish", "pull", "study"),
    "kill worker": ("train", "publish", "pull", "study"),
    "kill hub": ("train", "publish", "pull"),
    "cut the line": ("publish", "pull"),
    "fill the disk": ("train", "publish", "pull", "study"),
    "spoil a file": ("pull", "study"),
    "renew a token": ("publish", "pull"),
    "wrong clock": ("train", "publish", "pull", "study"),
}
KINDS = tuple(STAGES)
OWNERS = {"train": "B", "publish": "B", "pull": "A", "study": "A"}
OVER_THE_LINE = ("publish", "pull")
HOURS = (-24 * 400, -24, -1, 1, 24, 24 * 40, 24 * 400)
SHORT_SECONDS = 0.7
NAME = "lesions"


@dataclass(frozen=True)
class Stage:
    """How long a stage takes where nothing goes wrong."""

    seconds: float
    bytes_crossed: int


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        stage: While which job it strikes.
        who: `hub`, `A` or `B`.
        moment: At which share of the stage's time, or of its bytes where those tell more.
        passes: Whether it is over in a moment; if not, it is when the run has ended.
        hours: By how many a clock jumps.
    """

    kind: str
    stage: str
    who: str
    moment: float
    passes: bool
    hours: int

    def __str__(self) -> str:
        clock = f" by {self.hours:+} h" if self.kind == "wrong clock" else ""
        ends = "passes" if self.passes else "stays"
        return f"{self.kind}{clock} | {self.who} | {self.stage}, {self.moment:.0%} | {ends}"


def drawn(seed: int) -> Fault:
    """Return the fault of a seed; every kind comes equally often."""
    draw, kind = random.Random(seed), KINDS[seed % len(KINDS)]
    stage = draw.choice(STAGES[kind])
    who = OWNERS[stage]
    if kind == "kill hub":
        who = "hub"
    elif kind == "wrong clock" or (kind == "fill the disk" and stage == "publish"):
        who = draw.choice(("hub", who))
    return Fault(
        kind, stage, who, draw.random(), passes=draw.random() < 0.5, hours=draw.choice(HOURS)
    )


class Striking:
    """Has a fault strike at its moment of a run, and mends it.

    Args:
        stages: How long each stage takes.
    """

    def __init__(self, fault: Fault, short: Short, stages: dict[str, Stage]) -> None:
        self._fault, self._short = fault, short
        self._stage = stages[fault.stage]
        self._is_armed = self._struck = self._is_mended = False
        self._lock = threading.Lock()
        self._timers: list[threading.Timer] = []

    def on_job(self, _: Step, job: Job) -> None:
        """Look at a job of the run, as its driver does."""
        if job.kind.partition("_")[0] != self._fault.stage:
            return
        if not self._is_armed:
            self._is_armed = True
            self._arm()
        if job.state in FINISHED:
            self.strike()  # had the moment not come

    def strike(self) -> None:
        """Do it, once."""
        with self._lock:
            if self._struck:
                return
            self._struck = True
            self._do()
        if self._fault.passes:
            self._later(SHORT_SECONDS, self.mend)

    def mend(self) -> None:
        """End the fault, once; wait until all services answer."""
        with self._lock:
            if not self._is_mended:
                self._is_mended = True
                self._undo()
        for service in self._short.services.values():
            service.wait_until_ready()

    def over(self) -> None:
        """Wait for what is still to happen by itself."""
        for timer in self._timers:
            timer.join()

    def _arm(self) -> None:
        line, moment = self._short.line, self._fault.moment
        if self._fault.stage in OVER_THE_LINE:
            line.strike_at(line.crossed + int(moment * self._stage.bytes_crossed), self.strike)
        else:
            self._later(moment * self._stage.seconds, self.strike)

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, do)
        self._timers.append(timer)
        timer.start()

    def _do(self) -> None:
        short, fault = self._short, self._fault
        service = short.services[fault.who]
        match fault.kind:
            case "kill node" | "kill hub":
                service.kill()
            case "kill worker":
                wait_for(service.worker).kill()
            case "cut the line":
                short.line.cut()
            case "fill the disk":
                fill(service.data_dir / "filler")
            case "spoil a file" if fault.stage == "pull":
                short.line.spoil_one()
            case "spoil a file":
                spoil(next(service.data_dir.glob("generators/*/weights.safetensors")))
            case "renew a token":
                short.admin.invite(SCENARIO.centres[fault.who].name, renew=True)
            case "wrong clock":
                service.clock.write_text(str(fault.hours * 3600))

    def _undo(self) -> None:
        short, fault = self._short, self._fault
        service = short.services[fault.who]
        match fault.kind:
            case "kill node" | "kill hub":
                service.start()
            case "cut the line":
                short.line.is_cut = False
            case "fill the disk":
                (service.data_dir / "filler").unlink()
            case "spoil a file" if fault.stage == "study":
                service.wait_until_ready()
                request = PullRequest(centre=SCENARIO.centres["B"].name, name=NAME)
                short.staff["A"].submit(request, key="again")
            case "wrong clock":
                service.clock.write_text("0")


def fill(filler: Path) -> None:
    """Take all room that is left on a disk."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def spoil(file: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
