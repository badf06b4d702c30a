"""A study, run from its file or as it was left."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genshare.interface.arguments import Running, checked
from node_api.findings import StudyResult
from node_api.rows import RunRow
from node_api.studies import StudyConfiguration
from shared.progress import shown


@dataclass(frozen=True, slots=True)
class Study:
    """What was compared, and what came out.

    Attributes:
        folder: Where the report lies: `index.html`, tables and pictures.
    """

    folder: Path
    configuration: StudyConfiguration
    result: StudyResult

    @property
    def rows(self) -> tuple[RunRow, ...]:
        """One for each run."""
        return self.result.rows

    def columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns by name, as `pandas.DataFrame` takes them."""
        names = [name for name in RunRow.model_fields if name != "undefined"]
        return {name: [getattr(row, name) for row in self.rows] for name in names}


def run_study(
    file: Path | str,
    out: Path | str,
    *,
    workers: int | None = None,
    threads: int = 1,
    without: Sequence[str] = (),
) -> Study:
    """Run a study file as `genshare study run` does; interrupted, the same call goes on.

    In a script, call this under `if __name__ == "__main__":`, since runs have their own processes.

    Args:
        file: TOML, see docs/study.md.
        out: Gets the report, and what a resumption needs.
        workers: How many runs are done at once; None is one a processor.
        threads: Of each run; the last digits of a result depend on it.
        without: Generators to leave out, such as those that were withdrawn: their names in the
            file, or their digests.

    Raises:
        GeneratorWithdrawnError: A generator was withdrawn, and is not left out.
        StudyFileError: The file says something that makes no sense.
        WrongArgumentError: `workers` or `threads` is below 1.
    """
    wanted = checked(Running, workers=workers, threads=threads)
    import os

    from centre_node.study.from_file import run_study_file
    from centre_node.study.local_engine import LocalEngine

    engine = LocalEngine(wanted.workers or len(os.sched_getaffinity(0)))
    with shown() as on_progress:
        report = run_study_file(
            Path(file),
            Path(out),
            engine=engine,
            threads=wanted.threads,
            on_progress=on_progress,
            without=without,
        )
    return Study(Path(out), report.configuration, report.result)


def open_study(folder: Path | str) -> Study:
    """Open what `genshare study run` or `run_study` left in a folder.

    Raises:
        StudyFileError: There is no result of a study.
    """
    from centre_node.study.lineage import RESULT, read_report

    report = read_report(Path(folder) / RESULT)
    return Study(Path(folder), report.configuration, report.result)
