"""Runs the study that a file describes, with no node and no hub."""

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import cv2

from centre_node.device import default_device
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.datasets import data_folders, read_dataset, read_folder
from centre_node.mammography.mammograms import Reading
from centre_node.study.errors import StudyFileError
from centre_node.study.going_on import ANOTHER_OUT, check_goes_on, check_same_images
from centre_node.study.lineage import RECEIPT, RESULT
from centre_node.study.plan import plan_study, try_paces
from centre_node.study.preparation import StudyInputs
from centre_node.study.runs import RUNS, Engine, run_study
from centre_node.study.study_file import StudyFile, read_study_file
from centre_node.study.task_data import image_digests, own_split
from centre_node.study.without import file_without
from node_api.data_sources import DatasetSource, MammogramFolder
from node_api.plans import StudyPlan
from node_api.studies import StudyConfiguration
from shared.counts import counted
from shared.files import check_new
from shared.marks import check_usable
from shared.packages import Package, open_package
from shared.progress import OnProgress
from study_report.contents import StudyReport
from study_report.writing import write_study_report

CACHE = "cache"
KEPT = {RECEIPT: "a choice among generators", RESULT: "a study"}
"""What a folder of results holds, by the file that tells so."""


def run_study_file(
    path: Path,
    out: Path,
    *,
    engine: Engine,
    threads: int,
    on_progress: OnProgress,
    on_earlier: Callable[[str], None] = lambda _: None,
    without: Collection[str] = (),
    withdrawn_too: bool = False,
) -> StudyReport:
    """Run a study and write its report; interrupted, the same call goes on where it stopped.

    Args:
        path: A study file, TOML.
        out: Gets the report, and what a resumption needs.
        on_earlier: Is told in words what is there from an earlier start, once nothing is refused.
        without: Generators to leave out, by name or digest.
        withdrawn_too: Whether generators that were withdrawn are used all the same.

    Raises:
        GeneratorWithdrawnError: A generator was withdrawn, and is neither left out nor wanted.
        StudyFileError: The file says something that makes no sense.
        StudyFileError: `out` cannot be made or written, or holds the mammograms, something else
            than a study, another study, or one of other images.
    """
    keep_headers_out()
    file = file_without(read_study_file(path), without)
    check_apart(file, out)
    make_folder(out, apart_from=RECEIPT)
    configuration, inputs = _read_inputs(file, out, withdrawn_too=withdrawn_too)
    if (earlier := _left_before(out)) is not None:
        on_earlier(earlier)
    cv2.setNumThreads(1)
    result = run_study(
        configuration,
        inputs,
        folder=out,
        cache=out / CACHE,
        device=default_device(),
        threads=threads,
        engine=engine,
        on_progress=on_progress,
    )
    report = StudyReport(configuration=configuration, result=result)
    write_report(out, report)
    return report


def plan_study_file(
    path: Path,
    out: Path,
    *,
    workers: int | None = None,
    without: Collection[str] = (),
    withdrawn_too: bool = False,
) -> StudyPlan:
    """Say what a study file would do, and refuse what its start would refuse; nothing is written.

    Args:
        workers: Runs that are done at once; None: one a processor.

    Raises:
        StudyFileError: The file says something that makes no sense, or `out` holds the
            mammograms, something else than a study, another study, or one of other images.
    """
    keep_headers_out()
    file = file_without(read_study_file(path), without)
    check_apart(file, out)
    check_folder(out, apart_from=RECEIPT)
    configuration, inputs = _read_inputs(file, out, withdrawn_too=withdrawn_too)
    device = default_device()
    paces = try_paces(configuration, inputs, device)
    return plan_study(configuration, inputs, paces, workers=workers)


def write_report(folder: Path, report: StudyReport) -> Path:
    """Write a study's page and tables beside its pictures, and return the page's path."""
    pictures = {path.name: path.read_bytes() for path in folder.glob("*.png")}
    return write_study_report(folder, report, pictures)


def check_apart(file: StudyFile, out: Path) -> None:
    """Check that results are not written among mammograms, where they would be read as data.

    Raises:
        StudyFileError: The folder of results is one of mammograms.
    """
    for source in (file.own, *file.donors.values()):
        if isinstance(source, MammogramFolder) and Path(source.folder).resolve() == out.resolve():
            raise StudyFileError(
                f"the study reads its mammograms from {source.folder}, where its results were to "
                "be written",
                hint=ANOTHER_OUT,
            )


def check_folder(out: Path, *, apart_from: str) -> None:
    """Check that results can go into a folder: there is none, it is empty, or they did before.

    Args:
        apart_from: One of `KEPT`, whose folder is left alone.

    Raises:
        StudyFileError: It holds something else.
    """
    if (out / apart_from).exists():
        raise StudyFileError(
            f"{out} holds {KEPT[apart_from]} ({apart_from}), which would be mixed with this",
            hint=ANOTHER_OUT,
        )
    if not any((out / name).exists() for name in (CACHE, RESULT)):
        check_new(out, StudyFileError)


def _left_before(out: Path) -> str | None:
    """Say what an earlier start left in the folder of results; None: nothing."""
    if not (out / CACHE).is_dir():
        return None
    runs = len(list((out / CACHE / RUNS).glob("*.json")))
    return f"goes on in {out}, which holds {counted(runs, 'run')} from before"


def make_folder(out: Path, *, apart_from: str) -> None:
    """Make the folder of results.

    Args:
        apart_from: See `check_folder`.

    Raises:
        StudyFileError: It cannot be made or written, or holds something else.
    """
    check_folder(out, apart_from=apart_from)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = f"the folder {out} cannot be made: {error.strerror}"
        raise StudyFileError(told, hint=ANOTHER_OUT) from error
    if not os.access(out, os.W_OK):
        raise StudyFileError(f"the folder {out} cannot be written", hint=ANOTHER_OUT)


def _read_inputs(
    file: StudyFile, out: Path, *, withdrawn_too: bool
) -> tuple[StudyConfiguration, StudyInputs]:
    packages = open_generators(file, withdrawn_too=withdrawn_too)
    configuration = file.configuration(digests_of(packages))
    check_goes_on(out, configuration)
    inputs = inputs_of(file, packages, out)
    check_same_images(out, image_digests(configuration, inputs.own, inputs.donors))
    if file.receipts:
        file.check_patients(own_split(configuration, inputs.own))
    return configuration, inputs


def open_generators(file: StudyFile, *, withdrawn_too: bool = False) -> dict[str, Package]:
    """Return the packages that a study file names, verified, by their names there.

    Raises:
        GeneratorWithdrawnError: One was withdrawn, and `withdrawn_too` is false.
    """
    packages = {name: open_package(at, partly=True) for name, at in file.generators.items()}
    for package in packages.values():
        check_usable(package, withdrawn_too=withdrawn_too)
    return packages


def digests_of(packages: Mapping[str, Package]) -> dict[str, str]:
    """Return packages' manifest digests, by name."""
    return {name: package.digest for name, package in packages.items()}


def inputs_of(file: StudyFile, packages: Mapping[str, Package], out: Path) -> StudyInputs:
    """Return what a study of the file is made of.

    Args:
        packages: The file's generators, by their names there.
        out: Where phantoms may be kept.
    """
    return StudyInputs(
        own=_read(file.own, out),
        donors={name: _read(source, out) for name, source in file.donors.items()},
        packages={package.digest: package for package in packages.values()},
        initial_weights=file.initial_weights,
    )


def _read(source: DatasetSource, out: Path) -> Reading:
    if isinstance(source, MammogramFolder):
        return read_folder(Path(source.folder), source.format, source.where)
    return read_dataset(source, data_folders(out, None))
