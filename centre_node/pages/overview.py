"""The way through genshare, as steps: what was done of it, and which comes next."""

from collections.abc import Iterable
from dataclasses import dataclass

from node_api.jobs import Job


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the way.

    Attributes:
        count: How many there are of what it makes; None where nothing is counted.
        actions: Titles and paths.
        is_next: Whether it is the first that was not done.
    """

    title: str
    path: str
    told: str
    count: int | None
    actions: tuple[tuple[str, str], ...]
    is_next: bool = False


def overview_steps(
    *, datasets: int, jobs: Iterable[Job], is_connected: bool, pulled: int
) -> tuple[Step, ...]:
    """Return the steps, with what was done of each.

    Args:
        datasets: Registered ones.
        pulled: Generators of others that lie here.
    """
    done = [job.kind for job in jobs if job.state == "succeeded"]
    trained, published, studies = (
        done.count(kind) for kind in ("train_generator", "publish", "study")
    )
    counts = (datasets, trained, published if is_connected else 0, pulled, studies)
    next_one = next((at for at, count in enumerate(counts) if not count), None)
    share = (
        (("Publish one", "/new/publish"),) if is_connected else (("Connect to a hub", "/settings"),)
    )
    pull = (("See what the hub offers", "/generators?ask=hub"),)
    rows = (
        ("Data", "/data", "Register mammograms, and look at what is cut of them.",
         (("Register a data set", "/data"), ("Draw phantoms", "/new/write_phantoms"))),
        ("Trainings", "/generators", "Teach a generator to draw lesions like yours.",
         (("Train a generator", "/new/train_generator"),)),
        ("Published", "/generators", "Audit a generator, have it reviewed, and share it.", share),
        ("Pulled", "/generators", "Take generators of other centres.",
         pull if is_connected else share),
        ("Studies", "/studies", "Find out whether they help a classifier here.",
         (("Start a study", "/new/study"),)),
    )  # fmt: skip
    return tuple(
        Step(title, path, told, counts[at], actions, is_next=at == next_one)
        for at, (title, path, told, actions) in enumerate(rows)
    )
