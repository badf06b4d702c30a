r"""How far real lesions of one archive are from another's, before and after they get its look.

    python benchmarks/archive_looks.py OWN --other FOLDER --kinds mass --margin-px 14 \
        --smallest-side-px 32

The look is fitted to one half of the own patients, and patches of the other half are compared, as
`genshare fidelity --harmonised-by` does it. Beside radiomics, a logistic regression tells pixels of
16 px apart, whose folds share no patient.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray

from centre_node.fidelity.comparison import FeatureKind, fidelity_report
from centre_node.fidelity.features import standardised
from centre_node.fidelity.harmonised import HeldOutLook
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.fidelity.two_sample import separability
from centre_node.mammography.command_options import Mammograms, Patches
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.pictures import titled_sheet, write_png
from node_api.looks import HarmonisedBy
from shared.command_options import with_options
from shared.fidelity import FidelityRow

CPU = torch.device("cpu")
SHOWN, SIDE = 16, 16
WAYS: tuple[HarmonisedBy | None, ...] = (None, "greys", "greys_and_bands")

Pixels = NDArray[np.uint8]
Archive = tuple[Pixels, list[str]]


@with_options
def main(
    mammograms: Mammograms,
    patches: Patches,
    other: Annotated[Path, typer.Option(help="Another data set, whose lesions get the look.")],
    size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    most: Annotated[int, typer.Option(help="Lesions of each, drawn at random.")] = 600,
    sheet: Annotated[Path | None, typer.Option(help="Gets a picture of the first.")] = None,
) -> None:
    """Cut both, harmonise the other, and print a line for each way."""
    torch.set_num_threads(1)
    kinds = mammograms.kinds
    (mine, patients), (theirs, owners) = (
        _lesions(PatchCutting(patches, kinds), reading, size, most)
        for reading in (mammograms.read(), read_folder(other, "auto", {}))
    )
    rows = [("own", mine[:SHOWN])]
    for by in WAYS:
        look = HeldOutLook.of(mine, patients, by or "greys", seed=0)
        held_out = (mine[look.compared], [patients[index] for index in look.compared])
        made = theirs if by is None else look.given_to(theirs)
        for line in _lines(by or "as they are", held_out, (made, owners)):
            typer.echo(line)
        rows.append((by or "as they are", made[:SHOWN]))
    if sheet is not None:
        write_png(sheet, titled_sheet(rows, columns=SHOWN))


def _lesions(cutting: PatchCutting, reading: Reading, size: int, most: int) -> Archive:
    """Return some lesions of a data set, and whose they are."""
    with tempfile.TemporaryDirectory() as scratch:
        store = cutting.cut_into(Path(scratch), reading.mammograms, healthy=0)
        drawn = np.random.default_rng(0).permutation(store.indices(1))[:most]
        pixels = store.crops(drawn, size=size)
    return pixels, [store.records[index].patient_id for index in drawn]


def _lines(title: str, real: Archive, made: Archive) -> Iterator[str]:
    report = fidelity_report(
        radiomic_features(real[0], CPU),
        radiomic_features(made[0], CPU),
        kind=FeatureKind("radiomics"),
        seed=0,
        patients=real[1],
    )
    if title == "as they are":
        yield f"{len(real[0])} and {len(made[0])} patches"
        yield _line("two halves of the own", report.real_real)
    yield f"{_line(title, report.synthetic)}, by pixels {_by_pixels(real, made):.2f}"


def _line(title: str, row: FidelityRow) -> str:
    assert row.kid_interval is not None, "there are patches enough"
    low, high = row.kid_interval
    return f"{title:<22} KID {row.kid:.2f} ({low:.2f} to {high:.2f}), AUROC {row.auroc:.2f}"


def _by_pixels(real: Archive, made: Archive) -> float:
    """Return the AUROC by which a linear classifier of small pictures tells the two apart."""
    pixels = [
        np.stack([cv2.resize(patch, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for patch in one])
        for one, _ in (real, made)
    ]
    first, second = standardised(*(one.reshape(len(one), -1).astype(float) for one in pixels))
    owners = [np.unique(names, return_inverse=True)[1] for _, names in (real, made)]
    found = separability(first, second, groups=(owners[0], -1 - owners[1]), seed=0)
    assert found is not None, "there are patients enough"
    return found


if __name__ == "__main__":
    typer.run(main)
