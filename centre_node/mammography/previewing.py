"""Cuts the patches of some patients and draws them, so that a person sees what a training would."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from centre_node.mammography.command_options import USUAL_SHARES
from centre_node.mammography.errors import NotEnoughPatientsError
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.preview import write_preview
from centre_node.mammography.shortcuts import shortcut_report
from centre_node.mammography.skipped import skipped_in
from centre_node.mammography.splits import split_patients, with_kinds
from node_api.previews import Preview, PreviewedSubset, PreviewSettings
from shared.progress import Progress


def preview_patches(
    reading: Reading,
    cutting: PatchCutting,
    wanted: PreviewSettings,
    *,
    out: Path,
    scratch: Path | None = None,
) -> tuple[Preview, tuple[Path, Path]]:
    """Write contact sheets by class and subset, and histograms, into a folder.

    Args:
        out: Gets `patches.png` and `histograms.png`.
        scratch: Where patches lie while they are drawn; None: where temporary files do.

    Returns:
        What was found, and the paths of the two pictures.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        stores = _stores(_few(reading, wanted.patients), cutting, Path(folder))
        cutting.on_progress(_step(0, "drawing patches"))
        pictures = write_preview(stores, out, count=wanted.count, size=wanted.size)
        cutting.on_progress(_step(1, "looking for shortcuts"))
        found = Preview(
            subsets=tuple(
                PreviewedSubset(
                    name=name, lesions=len(store.indices(1)), healthy=len(store.indices(0))
                )
                for name, store in stores.items()
            ),
            shortcut=_shortcut(stores, size=wanted.size),
            skipped=skipped_in(reading, *stores.values()),
        )
    return found, pictures


def _step(done: int, message: str) -> Progress:
    return Progress(done=done, total=2, unit="steps", message=message)


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
        subsets: Mapping[str, Sequence[Mammogram]] = {"all": mammograms}
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
