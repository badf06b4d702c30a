"""Checks the command line of a simulation against its scenario."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from simulation.errors import DataFolderError
from simulation.scenario import Scenario

BETWEEN_PAIRS = re.compile(r",(?=[A-Za-z][A-Za-z0-9]*=)")


def labelled(values: Sequence[str], option: str) -> dict[str, str]:
    """Return {"A": "x", "B": "y"} for ["A=x,B=y"] or ["A=x", "B=y"].

    Raises:
        typer.BadParameter: A part is no LABEL=VALUE, or a label is there twice.
    """
    pairs: dict[str, str] = {}
    for part in (part for value in values for part in BETWEEN_PAIRS.split(value)):
        label, equals, content = part.partition("=")
        if not (label and equals and content):
            raise typer.BadParameter(f"{part!r} is not LABEL=VALUE, such as {option} A=VALUE")
        if label in pairs:
            raise typer.BadParameter(f"{option} names {label} twice")
        pairs[label] = content
    return pairs


def data_folders(scenario: Scenario, given: Mapping[str, str], *, required: bool) -> dict[str, str]:
    """Return each centre's mammograms folder as an absolute path.

    Args:
        required: Whether every centre that reads a folder must have one.

    Raises:
        DataFolderError: A folder is missing, not there, or given to a centre that reads none.
    """
    reading = scenario.labels_with_folder
    for label in given:
        if label not in scenario.centres:
            known = ", ".join(scenario.centres)
            raise DataFolderError(
                f"--data names the centre {label!r}, but the scenario's centres are {known}"
            )
        if label not in reading:
            raise DataFolderError(
                f"--data gives the centre {label} a folder, but its mammograms are phantoms"
            )
    missing = [label for label in reading if label not in given]
    if required and missing:
        raise DataFolderError(
            f"the centre {missing[0]} reads mammograms from a folder, and --data does not name it: "
            f"add --data {','.join(f'{label}=FOLDER' for label in missing)}"
        )
    folders = {label: Path(folder).expanduser().resolve() for label, folder in given.items()}
    for label, folder in folders.items():
        if not folder.is_dir():
            raise DataFolderError(f"the mammograms folder of centre {label} is not there: {folder}")
    return {label: str(folder) for label, folder in folders.items()}


def node_urls(scenario: Scenario, given: Mapping[str, str]) -> dict[str, str]:
    """Return each centre's node.

    Raises:
        typer.BadParameter: The nodes are not those of the scenario's centres.
    """
    if set(given) != set(scenario.centres):
        raise typer.BadParameter(
            f"--node must name the nodes of {', '.join(scenario.centres)}, "
            f"but it names {', '.join(given) or 'none'}"
        )
    return dict(given)
