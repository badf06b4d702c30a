"""From the predictions of a study's runs to what they show."""

from collections.abc import Sequence

from centre_node.study.analysis.cells import cells
from centre_node.study.analysis.controls import chosen_control
from centre_node.study.analysis.curves import curves, reliability
from centre_node.study.analysis.differences import differences
from centre_node.study.analysis.predictions import Predictions, TestPatches, columns
from centre_node.study.analysis.recovered import recovered_shares
from centre_node.study.analysis.resampled_metrics import measured
from centre_node.study.analysis.resampling import Bootstrap
from centre_node.study.analysis.verdicts import judged
from node_api.findings import (
    ArmFacts,
    Cell,
    ChosenControl,
    Curve,
    Difference,
    RecoveredShare,
    Reliability,
    StudyFindings,
)

RESAMPLES = 2000


def findings(
    arms: Sequence[ArmFacts],
    test: TestPatches,
    runs: Sequence[Predictions],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> StudyFindings:
    """Return the statistics of a study; the same arguments give the same ones.

    Runs may be missing: a cell is made of the seeds that it has, a comparison of those that both
    arms have, and an arm without a run in a column is not in that column.

    Args:
        arms: Of the study, in the order of the tables.
        test: The patches that every run predicted.
        runs: Finished ones, in any order within a classifier and training fraction.
        resamples: Of the bootstrap, at least 1.
        seed: Of the bootstrap, 0 or more.
    """
    bootstrap = Bootstrap.of(test, resamples=resamples, seed=seed)
    names = [arm.name for arm in arms]
    found_cells: list[Cell] = []
    compared: list[Difference] = []
    controls: list[ChosenControl] = []
    recovered: list[RecoveredShare] = []
    drawn: list[Curve] = []
    bins: list[Reliability] = []
    for column in columns(names, runs):
        with_metrics = measured(column, test, bootstrap)
        found_cells += cells(with_metrics)
        compared += judged(differences(arms, test, with_metrics))
        control = chosen_control(arms, column)
        controls += [control] if control else []
        recovered += recovered_shares(arms, with_metrics)
        drawn += curves(column, test, bootstrap)
        bins += reliability(column, test)
    return StudyFindings(
        resamples=resamples,
        cells=tuple(found_cells),
        differences=tuple(compared),
        controls=tuple(controls),
        recovered=tuple(recovered),
        curves=tuple(drawn),
        reliability=tuple(bins),
    )
