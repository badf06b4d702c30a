"""Options made from a model's fields, as a person types them."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from pydantic import Field, model_validator
from typer.testing import CliRunner, Result

from shared.command_options import Options, with_options
from shared.models import StrictModel
from shared.names import Name


class Shift(StrictModel):
    limit: float = Field(0.5, ge=0, lt=1, description="Most that is shifted.")


class Cut(StrictModel):
    folder: Path | None = Field(None, description="Where images lie.")
    side_px: int = Field(64, ge=8, le=256, description="Side of a patch.")
    side_mm: float | None = Field(None, gt=0, description="The same in mm.")
    tissue: Literal["dark", "mask"] = Field("dark", description="What is background.")
    kinds: tuple[Literal["mass", "other"], ...] = Field(("mass",), description="What counts.")
    where: dict[str, str] = Field(default_factory=dict, description="Which images.")
    centre: Name | None = Field(None, description="Whose they are.")
    shift: Shift = Shift()

    @model_validator(mode="after")
    def _one_side(self) -> "Cut":
        if self.side_mm is not None and self.side_px != 64:
            raise ValueError("give one of the sides")
        return self


app = typer.Typer(add_completion=False)
taken: list[Any] = []


@app.command()
@with_options
def cut(
    patches: Annotated[Cut, Options(panel="Patches", arguments=("folder",))],
    times: Annotated[int, Field(ge=1, description="How often.")] = 1,
    quietly: Annotated[bool, typer.Option("--quietly")] = False,
) -> None:
    """Cut patches."""
    taken.append((patches, times, quietly))


given_app = typer.Typer(add_completion=False)


@given_app.command()
@with_options
def given(
    some: Annotated[
        dict[str, Any],
        Options(
            Cut, only=("side_px", "tissue"), names={"side_px": "size"}, defaults={"tissue": "mask"}
        ),
    ],
) -> None:
    """Say what was given."""
    taken.append(some)


def run(command: typer.Typer, *words: str) -> Result:
    taken.clear()
    return CliRunner(env={"COLUMNS": "300"}).invoke(command, words)


def test_a_command_gets_the_model_of_its_options() -> None:
    sides = ("--side-px", "32", "--tissue", "mask", "--shift-limit", "0.25")
    several = ("--kinds", "other, mass", "--where", "view=CC", "--where", "split=", "--centre", "a")

    done = run(app, "images", *sides, *several, "--times", "3", "--quietly")

    assert done.exit_code == 0, done.output
    assert taken == [
        (
            Cut(
                folder=Path("images"),
                side_px=32,
                tissue="mask",
                kinds=("other", "mass"),
                where={"view": "CC", "split": ""},
                centre="a",
                shift=Shift(limit=0.25),
            ),
            3,
            True,
        )
    ]


def test_what_is_not_given_is_as_the_model_says() -> None:
    run(app)

    assert taken == [(Cut(), 1, False)]


def test_a_mapping_holds_only_what_was_given_and_the_commands_own_defaults() -> None:
    run(given_app, "--size", "16")

    assert taken == [{"side_px": 16, "tissue": "mask"}]


def test_the_help_says_each_options_meaning_values_and_default() -> None:
    shown = " ".join(run(app, "--help").output.replace("│", " ").split())

    for told in (
        "[FOLDER]",
        "--side-px NUMBER Side of a patch. (a whole number, 8 to 256; default: 64)",
        "--side-mm NUMBER The same in mm. (a number, above 0)",
        "--tissue CHOICE What is background. (one of dark, mask; default: dark)",
        "--kinds CHOICES What counts. (one or more of mass, other, by commas; default: mass)",
        "--where KEY=VALUE Which images. ",
        "--shift-limit NUMBER Most that is shifted. (a number, 0 or more and below 1; default: 0.5",
    ):
        assert told in shown
    assert "default: mask" in run(given_app, "--help").output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--side-px", "4"), "--side-px is '4'; it must be a whole number, 8 to 256"),
        (("--side-px", "wide"), "--side-px is 'wide'; it must be a whole number, 8 to 256"),
        (("--side-px", ""), "--side-px is ''; it must be a whole number, 8 to 256"),
        (("--side-mm", "nan"), "--side-mm is 'nan'; it must be a number, above 0"),
        (("--shift-limit", "1"), "--shift-limit is '1'; it must be a number, 0 or more and below"),
        (("--tissue", "skin"), "--tissue is 'skin'; it must be one of dark, mask"),
        (("--kinds", "mass,scar"), "--kinds is 'scar'; it must be one or more of mass, other"),
        (("--where", "view"), "--where is 'view'; it must be KEY=VALUE"),
        (("--centre", "A b"), "--centre is 'A b'; it must be lower-case letters, digits and"),
        (("--times", "0"), "--times is '0'; it must be a whole number, 1 or more"),
        (("--side-px", "8", "--side-mm", "4"), "give one of the sides"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_option(
    words: tuple[str, ...], sentence: str
) -> None:
    done = run(app, *words)

    assert done.exit_code == 2
    assert sentence in done.output
    assert not taken
