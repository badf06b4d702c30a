"""`genshare fidelity`: how close a generator's samples are to a centre's own patches."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray

from centre_node.device import default_device
from centre_node.fidelity.collapse import SMALLEST_SET
from centre_node.fidelity.comparison import LARGEST_SET, FeatureKind
from centre_node.fidelity.features import Features
from centre_node.fidelity.measuring import RADIOMICS, compare_samples
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.generators.errors import TooFewPatchesError
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.command_options import (
    EVERY_KIND,
    ChestWall,
    Folder,
    HealthyBrightness,
    HealthyFrom,
    Kinds,
    Layout,
    MarginMm,
    MarginPx,
    Phantoms,
    SmallestSidePx,
    Tissue,
    Where,
    lesion_kinds,
    one_of,
    patch_configuration,
    reading_of,
)
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.splits import split_patients, with_kinds
from centre_node.sampling.drawing import synthetic_patches
from centre_node.sampling.patch_files import check_new, new_folder
from node_api.patches import PatchConfiguration
from shared.fidelity import FidelityReport, FidelityRow
from shared.names import LesionKind
from shared.packages import open_package, sha256_of
from shared.progress import OnProgress, Progress, shown

app = typer.Typer(no_args_is_help=True)

FeatureName = Literal["radiomics", "classifier", "inception"]
REPORT = "fidelity.json"
LARGEST_SPLIT_SEED = 2**32 - 1
"""Of scikit-learn."""

SPLIT_SHARES = (0.5, 0.15, 0.35)
COLUMNS = ("KID", "95 % interval", "precision", "recall", "density", "coverage", "AUROC", "Frechet")


@dataclass(frozen=True)
class _Compared:
    """Real patches, and what makes numbers of them."""

    patches: NDArray[np.uint8]
    patients: Sequence[str]
    features: Features
    kind: FeatureKind


@app.command()
def fidelity(
    package_folder: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="A folder that genshare fetch made.")
    ],
    folder: Folder = None,
    phantoms: Phantoms = None,
    layout: Layout = "auto",
    where: Where = None,
    kinds: Kinds = EVERY_KIND,
    margin_px: MarginPx = None,
    margin_mm: MarginMm = None,
    smallest_side_px: SmallestSidePx = 128,
    tissue: Tissue = "threshold",
    chest_wall: ChestWall = "as_stored",
    healthy_from: HealthyFrom = "healthy_mammograms",
    healthy_brightness: HealthyBrightness = "any",
    features: Annotated[
        str, typer.Option(help="radiomics, classifier (trained on your patches) or inception.")
    ] = "radiomics",
    inception_weights: Annotated[
        Path | None, typer.Option(help="torchvision's Inception v3; nothing is downloaded.")
    ] = None,
    other: Annotated[
        Path | None,
        typer.Option(help="Another centre's data set that you may see, for a row to compare with."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=2, max=LARGEST_SET, help="Samples. Default: as many as real patches."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SPLIT_SEED)] = 0,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Of the CPU.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Gets fidelity.json and pictures, which show real patches.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure how close a generator's samples are to the lesion patches of your mammograms.

    Every number stands beside that of two halves of the real patches: nothing can be closer. With
    --features classifier, half of the patients train a classifier, and only patches of patients
    that it has not seen are compared. Nothing leaves this machine.

    Examples:
      genshare fidelity lesions-dcgan /data/INbreast --kinds mass --margin-mm 4.2 --out compared

      genshare fidelity lesions-dcgan /data/INbreast --features classifier --other /data/bcdr
    """
    chosen = _feature_name(features, inception_weights)
    configuration = patch_configuration(
        margin_px=margin_px,
        margin_mm=margin_mm,
        smallest_side_px=smallest_side_px,
        tissue=tissue,
        chest_wall=chest_wall,
        healthy_from=healthy_from,
        healthy_brightness=healthy_brightness,
    )
    package = open_package(package_folder, partly=True)
    keep_headers_out()
    os.umask(0o077)  # pictures of real patches are for this user alone
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    device, size = default_device(), package.card.architecture.image_size
    wanted = lesion_kinds(kinds)
    if out is not None:
        check_new(out)
    mammograms = reading_of(folder, phantoms, layout, where).mammograms
    others = None if other is None else read_folder(other, "auto", {}).mammograms
    with tempfile.TemporaryDirectory() as scratch, shown() as on_progress:
        cutting = _Cutting(configuration, wanted, seed, Path(scratch), on_progress)
        real = (
            _by_a_classifier(mammograms, cutting, size, device)
            if chosen == "classifier"
            else _by_themselves(mammograms, cutting, size, _extractor(inception_weights, device))
        )
        elsewhere = None if others is None else _lesions(cutting.of(others, healthy=False), size)
    if len(real.patches) < 2 * SMALLEST_SET:
        raise TooFewPatchesError(
            f"there are {len(real.patches)} real lesion patches to compare with, and two halves of "
            f"{SMALLEST_SET} are needed"
        )
    samples = synthetic_patches(
        package,
        count=count or min(len(real.patches), LARGEST_SET),
        seed=seed,
        device=device,
    )
    measured = compare_samples(
        real.patches,
        samples,
        features=real.features,
        kind=real.kind,
        patients=real.patients,
        seed=seed,
        other_centre=elsewhere,
    )
    if out is not None:
        with new_folder(out) as new:
            (new / REPORT).write_text(measured.report.model_dump_json(indent=2) + "\n")
            for name, png in measured.pictures.items():
                (new / name).write_bytes(png)
    if json:
        sys.stdout.write(measured.report.model_dump_json(indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(measured.report, out)))


@dataclass
class _Cutting:
    """Cuts every lesion of some mammograms into a store of its own."""

    configuration: PatchConfiguration
    kinds: tuple[LesionKind, ...]
    seed: int
    scratch: Path
    on_progress: OnProgress

    def of(self, mammograms: Sequence[Mammogram], *, healthy: bool) -> PatchStore:
        lesions = sum(len(mammogram.lesions) for mammogram in with_kinds(mammograms, self.kinds))
        if not lesions:
            raise OneClassOnlyError(
                f"{len(mammograms)} mammograms have no lesion of the kinds {', '.join(self.kinds)}"
            )
        return extract_patches(
            mammograms,
            folder=self.scratch / str(len(list(self.scratch.iterdir()))),
            configuration=self.configuration,
            lesion_kinds=self.kinds,
            healthy=lesions if healthy else 0,
            seed=self.seed,
            on_progress=lambda done, total: self.on_progress(
                Progress(done=done, total=total, unit="images", message="cutting patches")
            ),
        )


def _feature_name(text: str, inception_weights: Path | None) -> FeatureName:
    known: tuple[FeatureName, ...] = get_args(FeatureName)
    name = one_of("--features", text, known)
    if (name == "inception") != (inception_weights is not None):
        raise typer.BadParameter("--features inception and --inception-weights FILE go together")
    return name


def _extractor(
    inception_weights: Path | None, device: torch.device
) -> tuple[Features, FeatureKind]:
    if inception_weights is None:
        return (lambda patches: radiomic_features(patches, device)), RADIOMICS
    from centre_node.fidelity.inception import load_inception_features  # torchvision takes seconds

    extract = load_inception_features(inception_weights, device)
    name = f"2048 pooled features of Inception v3, weights {inception_weights.name}"
    return extract, FeatureKind(name, sha256_of(inception_weights))


def _by_themselves(
    mammograms: Sequence[Mammogram],
    cutting: _Cutting,
    size: int,
    extractor: tuple[Features, FeatureKind],
) -> _Compared:
    store = cutting.of(mammograms, healthy=False)
    return _Compared(_lesions(store, size), _patients(store), *extractor)


def _by_a_classifier(
    mammograms: Sequence[Mammogram],
    cutting: _Cutting,
    size: int,
    device: torch.device,
) -> _Compared:
    """Train on some patients, and compare patches of others."""
    from centre_node.fidelity.task_features import train_task_features

    scope = with_kinds(mammograms, cutting.kinds)  # other lesions stay, for patches to avoid
    split = split_patients(scope, shares=SPLIT_SHARES, seed=cutting.seed)
    train, validation, test = (
        cutting.of([m for m in mammograms if m.patient_id in set(patients)], healthy=True)
        for _, patients in split.subsets()
    )
    message = f"training a classifier on {len(train.records)} real patches"
    extractor = train_task_features(
        train,
        validation,
        test,
        size=size,
        jitter=cutting.configuration.jitter,
        seed=cutting.seed,
        device=device,
        on_epoch=lambda epoch: cutting.on_progress(
            Progress(done=epoch.epoch, total=epoch.epochs, unit="epochs", message=message)
        ),
    )
    return _Compared(_lesions(test, size), _patients(test), *extractor)


def _lesions(store: PatchStore, size: int) -> NDArray[np.uint8]:
    return store.crops(store.indices(1), size=size)


def _patients(store: PatchStore) -> list[str]:
    return [store.records[index].patient_id for index in store.indices(1)]


def _lines(report: FidelityReport, out: Path | None) -> Iterator[str]:
    rows = {
        "real, the other half": report.real_real,
        "synthetic": report.synthetic,
        "other centre, real": report.other_centre,
    }
    yield f"features: {report.features}"
    yield f"{'':<22}{''.join(f'{name:>16}' for name in COLUMNS)}"
    for name, row in rows.items():
        if row is not None:
            yield f"{name:<22}{''.join(f'{text:>16}' for text in _texts(row))}"
    for reason in sorted(set(report.synthetic.reasons.values())):
        yield f"not judged: {reason}"
    yield f"{report.synthetic.patches} patches in each set; {report.mode_collapse.statement}"
    if out is not None:
        yield f"{out}: {REPORT}, and pictures that show real patches: they stay in the centre"


def _texts(row: FidelityRow) -> Iterator[str]:
    yield _shown(row.kid)
    yield "-" if row.kid_interval is None else " to ".join(map(_shown, row.kid_interval))
    for value in (row.precision, row.recall, row.density, row.coverage, row.auroc, row.frechet):
        yield _shown(value)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
