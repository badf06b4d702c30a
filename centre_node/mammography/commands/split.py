"""`genshare data split`: which patients train, validate and test."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field
from rich.console import Console
from rich.table import Table

from centre_node.mammography.command_options import USUAL_SHARES, Mammograms
from centre_node.mammography.commands.told import writing
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.splits import (
    Shares,
    Split,
    balance,
    share_of_patients,
    split_patients,
    with_kinds,
)
from shared.command_options import Options, with_options
from shared.models import StrictModel


class SplitRequest(StrictModel):
    """How the patients are shared out, beside the shares."""

    train_share: float = Field(
        1.0, ge=0.01, le=1, description="Keep only this share of the training patients."
    )
    seed: int = Field(0, ge=0, description="The same number shares the patients out alike.")


@with_options
def split(
    mammograms: Mammograms,
    wanted: Annotated[SplitRequest, Options()],
    shares: Annotated[
        Shares,
        typer.Option(
            metavar="TRAIN VALIDATION TEST",
            help="Shares of the patients for training, validation and test; together 1.",
        ),
    ] = USUAL_SHARES,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the split to this file, as JSON."),
    ] = None,
) -> None:
    """Share patients out over training, validation and test, and print the balance.

    Examples:
      genshare data split /data/INbreast --kinds mass --seed 1 --out masses.json

      genshare data split --phantoms digital --train-share 0.5 --shares 0.5 0.25 0.25
    """
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise typer.BadParameter(f"--shares must be positive and add up to 1, not {shares}")
    images = with_kinds(mammograms.read().mammograms, mammograms.kinds)
    made = _split(images, shares, wanted)
    Console(highlight=False).print(_balance_table(made, images))
    sys.stdout.write(f"seed {made.seed}, sha256 {made.digest()}\n")
    if out is not None:
        with writing(out):
            out.write_text(made.model_dump_json(indent=2) + "\n")


def _split(mammograms: Sequence[Mammogram], shares: Shares, wanted: SplitRequest) -> Split:
    whole = split_patients(mammograms, shares=shares, seed=wanted.seed)
    train = share_of_patients(whole.train, wanted.train_share, seed=wanted.seed)
    return whole.model_copy(update={"train": train})


def _balance_table(made: Split, mammograms: Sequence[Mammogram]) -> Table:
    table = Table("subset", "patients", "images", "with lesions", "lesions", "densities")
    for part in balance(made, mammograms):
        table.add_row(
            part.subset,
            f"{part.patients} ({part.share_of_patients:.1%})",
            str(part.images),
            str(part.images_with_lesions),
            ", ".join(f"{kind}: {n}" for kind, n in part.lesions.items()) or "none",
            ", ".join(f"{density}: {share:.0%}" for density, share in part.densities.items()),
        )
    return table
