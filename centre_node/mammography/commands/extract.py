"""`genshare data extract`: patches, cut into a store."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from centre_node.mammography.command_options import Mammograms, Patches
from centre_node.mammography.commands.told import print_skipped, writing
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.skipped import skipped_in
from shared.command_options import Options, with_options
from shared.models import StrictModel
from shared.progress import shown


class HealthyPatches(StrictModel):
    """Which healthy patches are cut beside the lesions."""

    healthy: int | None = Field(
        None, ge=0, description="How many healthy patches to cut; by default as many as lesions."
    )
    seed: int = Field(
        0, ge=0, description="The same number puts the healthy patches in the same places."
    )


@with_options
def extract(
    mammograms: Mammograms,
    patches: Patches,
    beside: Annotated[HealthyPatches, Options()],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the patches.")],
) -> None:
    """Cut patches into a store: pixels.bin, index.parquet and provenance.json.

    Started again, it opens no image whose patches are there; after a kill it goes on.

    Examples:
      genshare data extract /data/INbreast --out patches --kinds mass --margin-mm 4.2

      genshare data extract --phantoms digital --margin-px 12 --smallest-side-px 32 --out patches
    """
    reading = mammograms.read()
    with writing(out), shown() as on_progress:
        cutting = PatchCutting(patches, mammograms.kinds, beside.seed, on_progress)
        store = _cut(cutting, reading.mammograms, out, beside.healthy)
    print_skipped(skipped_in(reading, store))
    lesions = len(store.indices(1))
    sys.stdout.write(
        f"{out}: {lesions} lesion and {len(store.records) - lesions} healthy patches, "
        f"sha256 of their provenance {store.digest}\n"
    )


def _cut(
    cutting: PatchCutting, mammograms: tuple[Mammogram, ...], out: Path, healthy: int | None
) -> PatchStore:
    wanted = cutting.count_lesions(mammograms) if healthy is None else healthy
    return cutting.cut_into(out, mammograms, healthy=wanted, message=f"cutting {out.name}")
