"""`genshare data preview`: pictures of what would be cut."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from centre_node.mammography.command_options import USUAL_SHARES, Mammograms, Patches
from centre_node.mammography.commands.told import print_skipped, skipped_in, writing
from centre_node.mammography.errors import NotEnoughPatientsError
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.preview import write_preview
from centre_node.mammography.shortcuts import shortcut_report
from centre_node.mammography.splits import split_patients, with_kinds
from shared.command_options import Options, with_options
from shared.models import StrictModel
from shared.progress import shown


class PreviewRequest(StrictModel):
    """What the pictures show."""

    patients: int = Field(200, ge=3, description="Look at this many patients, spread over all.")
    count: int = Field(24, ge=1, le=600, description="Patches in a row.")
    size: int = Field(96, ge=16, le=256, description="Side of a patch in the pictures, in pixels.")


@with_options
def preview(
    mammograms: Mammograms,
    patches: Patches,
    wanted: Annotated[PreviewRequest, Options()],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder for the pictures.")
    ] = Path("preview"),
) -> None:
    """Draw what would be cut: contact sheets by class and subset, histograms, shortcuts.

    A shortcut is what tells the classes apart without a lesion: sharpness, brightness, size. Its
    AUROC is that of a logistic regression on those three; near 0.5 there is none.

    Examples:
      genshare data preview --phantoms film --margin-px 12 --smallest-side-px 32

      genshare data preview /data/INbreast --kinds mass --margin-mm 4.2 --tissue breast_mask
    """
    reading = mammograms.read()
    with tempfile.TemporaryDirectory() as scratch, shown() as on_progress:
        cutting = PatchCutting(patches, mammograms.kinds, on_progress=on_progress)
        stores = _stores(_few(reading, wanted.patients), cutting, Path(scratch))
        with writing(out):
            pictures = write_preview(stores, out, count=wanted.count, size=wanted.size)
        shortcut = _shortcut(stores, size=wanted.size)
    _print(reading, stores, shortcut, pictures)


def _few(reading: Reading, patients: int) -> list[Mammogram]:
    """Return the mammograms of some patients, spread over the data set."""
    everybody = list(dict.fromkeys(m.patient_id for m in reading.mammograms))
    step = max(1, len(everybody) // patients)
    chosen = set(everybody[::step][:patients])
    return [m for m in reading.mammograms if m.patient_id in chosen]


def _stores(
    mammograms: Sequence[Mammogram], cutting: PatchCutting, scratch: Path
) -> dict[str, PatchStore]:
    """Cut the patches of each subset of a split; of all together where there are few patients."""
    try:
        made = split_patients(with_kinds(mammograms, cutting.kinds), shares=USUAL_SHARES, seed=0)
    except NotEnoughPatientsError:
        subsets = {"all": mammograms}
    else:
        subsets = {
            name: [m for m in mammograms if m.patient_id in set(patients)]
            for name, patients in made.subsets()
        }
    return {
        name: cutting.cut_into(
            scratch / name, chosen, healthy=cutting.count_lesions(chosen), message=f"cutting {name}"
        )
        for name, chosen in subsets.items()
    }


def _shortcut(stores: Mapping[str, PatchStore], *, size: int) -> str:
    if "test" not in stores:
        return "too few patients with lesions for a split, so there is no shortcut AUROC"
    return shortcut_report(stores["train"], stores["test"], size=size).in_words()


def _print(
    reading: Reading, stores: Mapping[str, PatchStore], shortcut: str, pictures: Sequence[Path]
) -> None:
    print_skipped(skipped_in(reading, *stores.values()))
    for subset, store in stores.items():
        lesions, healthy = len(store.indices(1)), len(store.indices(0))
        sys.stdout.write(f"{subset}: {lesions} lesion and {healthy} healthy patches\n")
    sys.stdout.write(f"{shortcut}\nlook at {' and '.join(map(str, pictures))}\n")
