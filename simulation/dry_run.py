"""Refuses, without starting anything, what the start of a scenario would refuse."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from node_api.summaries import Counted, DatasetSummary
from shared.counts import counted
from simulation.errors import MammogramsRefusedError
from simulation.results_folder import check_claim
from simulation.scenario import GeneratorScenario, Scenario


def check_start(scenario: Scenario, folders: Mapping[str, str], out: Path) -> None:
    """Open every centre's folder, with the filters of its data set, and look at the results folder.

    Raises:
        MammogramsRefusedError: A folder cannot be read so, or has too few lesions.
        ResultsFolderError: `out` holds something else.
    """
    check_claim(out, scenario, folders)
    for label, folder in folders.items():
        found = _count(scenario, label, folder)
        for generator in scenario.generators:
            if generator.centre == label:
                _check_training(generator, found)


def _count(scenario: Scenario, label: str, folder: str) -> DatasetSummary:
    """Count a centre's mammograms as its node would, in a process that has the readers."""
    command = [sys.executable, "-m", "centre_node.datasets.counting", "", folder, ""]
    done = subprocess.run(  # noqa: S603 (ours)
        command,
        input=scenario.centres[label].dataset.model_dump_json().encode(),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise MammogramsRefusedError(f"counting the mammograms of centre {label} broke off")
    counted = Counted.model_validate_json(done.stdout)
    if counted.summary is None:
        raise MammogramsRefusedError(
            f"the mammograms of centre {label} in {folder}: {counted.problem}"
        )
    return counted.summary


def _check_training(generator: GeneratorScenario, found: DatasetSummary) -> None:
    lesions = sum(found.kinds.get(kind, 0) for kind in set(generator.lesion_kinds))
    needed = generator.training.batch_size
    if lesions < needed and generator.training.privacy is None:
        raise MammogramsRefusedError(
            f"centre {generator.centre} has {counted(lesions, 'lesion')} of the kinds that "
            f"{generator.reference} learns, fewer than one batch of {needed}"
        )
