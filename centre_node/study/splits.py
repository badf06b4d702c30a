"""Studies that differ in nothing but how their patients were split, read together."""

from collections.abc import Sequence
from pathlib import Path

from centre_node.study.analysis.pooled import SplitRuns, pooled_differences
from centre_node.study.analysis.predictions import TestPatches, columns
from centre_node.study.errors import StudyFileError
from centre_node.study.lineage import RESULT, read_report
from centre_node.study.prepared import PreparedStudy, opened
from centre_node.study.running import RunResult
from centre_node.study.runs import RUNS, predictions_of
from node_api.findings import Difference
from node_api.studies import StudyConfiguration
from shared.counts import counted
from shared.models import read_model
from study_report.contents import StudyReport


def differences_over_splits(folders: Sequence[Path], *, cache: str) -> tuple[Difference, ...]:
    """Return what the studies in `folders` show together, column by column.

    Args:
        folders: Of studies that were run; each has its patches and runs in its folder `cache`.

    Raises:
        StudyFileError: A folder holds no whole study, there is one only, or they differ in more
            than the split, or not in the split.
    """
    reports = [read_report(folder / RESULT) for folder in folders]
    if len(folders) < 2:
        raise StudyFileError("one study has nothing to be pooled with; name at least two folders")
    check_splits(folders, [report.configuration for report in reports])
    by_split = [
        _split_runs(report, folder / cache) for report, folder in zip(reports, folders, strict=True)
    ]
    resamples = reports[0].configuration.resamples
    return tuple(
        difference
        for of_one_column in zip(*by_split, strict=True)
        for difference in pooled_differences(of_one_column, resamples=resamples)
    )


def check_splits(folders: Sequence[Path], studies: Sequence[StudyConfiguration]) -> None:
    """Check that studies differ in their split of the patients and in nothing else.

    Raises:
        StudyFileError: Two have the same split, or differ in more.
    """
    seen: dict[int, Path] = {}
    for folder, study in zip(folders, studies, strict=True):
        if study.split_seed in seen:
            raise StudyFileError(
                f"{folder} and {seen[study.split_seed]} have the same split_seed, "
                f"{study.split_seed}: the same patients would count twice"
            )
        seen[study.split_seed] = folder
        if study.model_copy(update={"split_seed": studies[0].split_seed}) != studies[0]:
            raise StudyFileError(
                f"{folder} and {folders[0]} differ in more than their split_seed: "
                f"name studies of one study file"
            )


def _split_runs(report: StudyReport, cache: Path) -> tuple[SplitRuns, ...]:
    """Return a study's columns, from the runs that it keeps."""
    file = _prepared(report.configuration, cache)
    patches = opened(file)
    study, result = patches.study, report.result
    paths = [cache / RUNS / f"{study.run_digest(run)}.json" for run in study.runs()]
    missing = sum(not path.is_file() for path in paths)
    if missing:
        raise StudyFileError(
            f"{cache} lacks {missing} of {counted(len(paths), 'run')}; start the study again, "
            "which does them"
        )
    runs = [
        predictions_of(read_model(RunResult, path, StudyFileError), patches.validation.labels)
        for path in paths
    ]
    test = TestPatches(patches.test.labels, patches.test.patients)
    names = [arm.name for arm in result.arms]
    return tuple(SplitRuns(result.arms, test, column) for column in columns(names, runs))


def _prepared(configuration: StudyConfiguration, cache: Path) -> Path:
    for path in sorted(cache.glob("study-*.json")):
        if read_model(PreparedStudy, path, StudyFileError).configuration == configuration:
            return path
    raise StudyFileError(
        f"{cache} does not hold what the study's runs read; start the study again, which makes it"
    )
