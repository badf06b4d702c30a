"""What one command can cut, every command can."""

import pytest
import typer

from centre_node.fidelity.commands import app as fidelity
from centre_node.mammography.commands import app as data
from centre_node.sampling.paint_commands import app as paint
from centre_node.training.commands import app as training
from node_api.patches import PatchConfiguration

CUTTING = {
    "data preview": (data, "preview"),
    "data extract": (data, "extract"),
    "train-generator": (training, None),
    "fidelity": (fidelity, None),
    "paint": (paint, None),
}


def options(app: typer.Typer, name: str | None) -> dict[str, tuple[str | None, str | None]]:
    command = typer.main.get_command(app)
    if name is not None:
        command = getattr(command, "commands")[name]  # noqa: B009 - typer's own type is private
    return {
        option.opts[0]: (option.metavar, getattr(option, "help", None))
        for option in command.params
        if getattr(option, "rich_help_panel", None) == "How patches are cut"
    }


def fields() -> set[str]:
    own = set(PatchConfiguration.model_fields) - {"jitter"}
    jitter = type(PatchConfiguration().jitter).model_fields
    return own | {f"jitter_{name}" for name in jitter}


@pytest.mark.parametrize("command", CUTTING)
def test_every_command_that_cuts_patches_has_an_option_for_every_field(command: str) -> None:
    assert set(options(*CUTTING[command])) == {f"--{n.replace('_', '-')}" for n in fields()}


def test_the_options_mean_the_same_in_every_command() -> None:
    first, *others = [options(*command) for command in CUTTING.values()]

    assert first
    assert others == [first] * 4


def test_every_field_says_what_it_means() -> None:
    for name, (_, told) in options(data, "preview").items():
        assert told, name
        assert not told.startswith("("), name
