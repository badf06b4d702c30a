"""`genshare data`: what is in a folder of mammograms, and what is cut from it."""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from centre_node.log_rules import keep_headers_out
from centre_node.mammography.command_options import (
    EVERY_KIND,
    BackgroundLevel,
    ChestWall,
    Folder,
    HealthyBrightness,
    HealthyFrom,
    Kinds,
    Layout,
    MarginMm,
    MarginPx,
    Phantoms,
    Seed,
    SmallestSidePx,
    Tissue,
    Where,
    lesion_kinds,
    one_of,
    patch_configuration,
    reading_of,
)
from centre_node.mammography.errors import NotEnoughPatientsError, PatchStoreError
from centre_node.mammography.extraction import OnProgress, extract_patches
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.preview import write_preview
from centre_node.mammography.shortcuts import shortcut_report
from centre_node.mammography.splits import (
    Split,
    balance,
    share_of_patients,
    split_patients,
    with_kinds,
)
from centre_node.mammography.summaries import summary
from node_api.data_sources import AcquisitionStyle, FolderFormat, PhantomSet
from node_api.patches import PatchConfiguration
from node_api.summaries import DatasetSummary
from shared.names import LesionKind
from shared.progress import Progress, shown

app = typer.Typer(no_args_is_help=True, help="Inspect mammograms; see what is cut from them.")

SHARES = (0.7, 0.15, 0.15)


@app.callback()
def _data() -> None:
    keep_headers_out()


@app.command()
def inspect(
    folder: Folder = None,
    phantoms: Phantoms = None,
    layout: Layout = "auto",
    where: Where = None,
    out: Annotated[Path | None, typer.Option(help="Write the counts as JSON to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count what is in a folder of mammograms, and what had to be skipped.

    Examples:
      genshare data inspect /data/INbreast --out inbreast.json

      genshare data inspect /data/cbis_ddsm --where split=test --json
    """
    counted = summary(reading_of(folder, phantoms, layout, where))
    if out is not None:
        out.write_text(counted.model_dump_json(indent=2) + "\n")
    if json:
        sys.stdout.write(counted.model_dump_json(indent=2) + "\n")
    else:
        for note in counted.notes:
            sys.stdout.write(f"{note}\n")
        Console(highlight=False).print(_table(counted))
        _print_skipped(counted.skipped)


@app.command()
def preview(
    folder: Folder = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("preview"),
    phantoms: Phantoms = None,
    layout: Layout = "auto",
    where: Where = None,
    kinds: Kinds = EVERY_KIND,
    patients: Annotated[int, typer.Option(min=3, help="Look at this many patients.")] = 200,
    count: Annotated[int, typer.Option(min=1, max=600, help="Patches in a row.")] = 24,
    size: Annotated[int, typer.Option(min=16, max=256, help="Side of a patch in px.")] = 96,
    margin_px: MarginPx = None,
    margin_mm: MarginMm = None,
    smallest_side_px: SmallestSidePx = 128,
    tissue: Tissue = "threshold",
    background_level: BackgroundLevel = 10,
    chest_wall: ChestWall = "as_stored",
    healthy_from: HealthyFrom = "healthy_mammograms",
    healthy_brightness: HealthyBrightness = "any",
) -> None:
    """Draw what would be cut: contact sheets by class and subset, histograms, shortcuts.

    A shortcut is what tells the classes apart without a lesion: sharpness, brightness, size. Its
    AUROC is that of a logistic regression on those three; near 0.5 there is none.

    Examples:
      genshare data preview --phantoms film --margin-px 12 --smallest-side-px 32

      genshare data preview /data/INbreast --kinds mass --margin-mm 4.2 --tissue breast_mask
    """
    configuration = patch_configuration(
        margin_px=margin_px,
        margin_mm=margin_mm,
        smallest_side_px=smallest_side_px,
        tissue=tissue,
        background_level=background_level,
        chest_wall=chest_wall,
        healthy_from=healthy_from,
        healthy_brightness=healthy_brightness,
    )
    wanted = lesion_kinds(kinds)
    reading = reading_of(folder, phantoms, layout, where)
    with tempfile.TemporaryDirectory() as scratch:
        stores = _stores(_few(reading, patients), configuration, wanted, Path(scratch))
        with _writing(out):
            pictures = write_preview(stores, out, count=count, size=size)
        shortcut = _shortcut(stores, size=size)
    _print_skipped(_skipped(reading, *stores.values()))
    for subset, store in stores.items():
        lesions, healthy = len(store.indices(1)), len(store.indices(0))
        sys.stdout.write(f"{subset}: {lesions} lesion and {healthy} healthy patches\n")
    sys.stdout.write(f"{shortcut}\nlook at {' and '.join(map(str, pictures))}\n")


@app.command()
def extract(
    out: Annotated[Path, typer.Option(help="Folder for the patches.")],
    folder: Folder = None,
    phantoms: Phantoms = None,
    layout: Layout = "auto",
    where: Where = None,
    kinds: Kinds = EVERY_KIND,
    healthy: Annotated[
        int | None,
        typer.Option(min=0, help="Healthy patches. Default: as many as lesions."),
    ] = None,
    seed: Seed = 0,
    margin_px: MarginPx = None,
    margin_mm: MarginMm = None,
    smallest_side_px: SmallestSidePx = 128,
    tissue: Tissue = "threshold",
    background_level: BackgroundLevel = 10,
    chest_wall: ChestWall = "as_stored",
    healthy_from: HealthyFrom = "healthy_mammograms",
    healthy_brightness: HealthyBrightness = "any",
) -> None:
    """Cut patches into a store: pixels.bin, index.parquet and provenance.json.

    Started again, it opens no image whose patches are there; after a kill it goes on.

    Examples:
      genshare data extract /data/INbreast --out patches --kinds mass --margin-mm 4.2
    """
    configuration = patch_configuration(
        margin_px=margin_px,
        margin_mm=margin_mm,
        smallest_side_px=smallest_side_px,
        tissue=tissue,
        background_level=background_level,
        chest_wall=chest_wall,
        healthy_from=healthy_from,
        healthy_brightness=healthy_brightness,
    )
    wanted = lesion_kinds(kinds)
    reading = reading_of(folder, phantoms, layout, where)
    with _writing(out):
        store = _extracted(
            reading.mammograms, configuration, wanted, out, healthy=healthy, seed=seed
        )
    _print_skipped(_skipped(reading, store))
    lesions = len(store.indices(1))
    sys.stdout.write(
        f"{out}: {lesions} lesion and {len(store.records) - lesions} healthy patches, "
        f"sha256 of their provenance {store.digest}\n"
    )


@app.command()
def split(
    folder: Folder = None,
    phantoms: Phantoms = None,
    layout: Layout = "auto",
    where: Where = None,
    kinds: Kinds = EVERY_KIND,
    shares: Annotated[
        tuple[float, float, float], typer.Option(help="Patients in train, validation, test.")
    ] = SHARES,
    train_share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Keep this share of the training patients.")
    ] = 1.0,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Write the split as JSON to this file.")] = None,
) -> None:
    """Share patients out over training, validation and test, and print the balance.

    Examples:
      genshare data split /data/INbreast --kinds mass --seed 1 --out masses.json

      genshare data split /data/INbreast --train-share 0.5
    """
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise typer.BadParameter(f"--shares must be positive and add up to 1, not {shares}")
    mammograms = with_kinds(
        reading_of(folder, phantoms, layout, where).mammograms, lesion_kinds(kinds)
    )
    whole = split_patients(mammograms, shares=shares, seed=seed)
    made = whole.model_copy(
        update={"train": share_of_patients(whole.train, train_share, seed=seed)}
    )
    Console(highlight=False).print(_balance_table(made, mammograms))
    sys.stdout.write(f"seed {seed}, sha256 {made.digest()}\n")
    if out is not None:
        out.write_text(made.model_dump_json(indent=2) + "\n")


@app.command()
def phantoms(
    layout: Annotated[str, typer.Option("--format", help=f"{', '.join(get_args(FolderFormat))}.")],
    out: Annotated[Path, typer.Option(help="Folder for the data set; must not exist.")],
    style: Annotated[str, typer.Option(help="digital, film or soft.")] = "digital",
    patients: Annotated[int, typer.Option(min=1, max=5000)] = 20,
    image_height_px: Annotated[int, typer.Option(min=256, max=4096)] = 640,
    calcifications: Annotated[
        str | None,
        typer.Option(help="Annotated as clusters or each; INbreast's way is each."),
    ] = None,
    healthy_share: Annotated[
        float, typer.Option(min=0, max=0.99, help="Patients with no lesion.")
    ] = 0.5,
    seed: Seed = 0,
) -> None:
    """Draw phantom mammograms and write them as one of the real data sets is laid out.

    Examples:
      genshare data phantoms --format inbreast --out phantoms --image-height-px 1024

      genshare data phantoms --format bcdr --style film --patients 60 --out bcdr
    """
    known: tuple[FolderFormat, ...] = get_args(FolderFormat)
    chosen = one_of("--format", layout, known)
    annotated = calcifications or ("each" if chosen == "inbreast" else "clusters")
    drawn = PhantomSet.model_validate(
        {
            "style": one_of("--style", style, get_args(AcquisitionStyle)),
            "patients": patients,
            "seed": seed,
            "image_height_px": image_height_px,
            "healthy_share": healthy_share,
            "calcifications": one_of("--calcifications", annotated, ("clusters", "each")),
        }
    )
    with _writing(out), _progress("drawing") as on_progress:
        write_phantoms(drawn, out, layout=chosen, on_progress=on_progress)
    sys.stdout.write(f"{out}: {patients} phantom patients as {chosen}\n")


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Say in one sentence that nothing can be written to `out`.

    Raises:
        PatchStoreError: So.
    """
    try:
        yield
    except OSError as error:
        raise PatchStoreError(f"cannot write to {out}: {error.strerror}") from error


def _few(reading: Reading, patients: int) -> list[Mammogram]:
    """Return the mammograms of some patients, spread over the data set."""
    everybody = list(dict.fromkeys(m.patient_id for m in reading.mammograms))
    step = max(1, len(everybody) // patients)
    chosen = set(everybody[::step][:patients])
    return [m for m in reading.mammograms if m.patient_id in chosen]


def _stores(
    mammograms: list[Mammogram],
    configuration: PatchConfiguration,
    kinds: tuple[LesionKind, ...],
    scratch: Path,
) -> dict[str, PatchStore]:
    """Cut the patches of each subset of a split; of all together where there are few patients."""
    try:
        made = split_patients(with_kinds(mammograms, kinds), shares=SHARES, seed=0)
    except NotEnoughPatientsError:
        return {"all": _extracted(mammograms, configuration, kinds, scratch / "all")}
    stores = {}
    for name, patients in made.subsets():
        chosen = [m for m in mammograms if m.patient_id in set(patients)]
        stores[name] = _extracted(chosen, configuration, kinds, scratch / name)
    return stores


def _extracted(
    mammograms: Sequence[Mammogram],
    configuration: PatchConfiguration,
    kinds: tuple[LesionKind, ...],
    folder: Path,
    *,
    healthy: int | None = None,
    seed: int = 0,
) -> PatchStore:
    lesions = sum(len(m.lesions) for m in with_kinds(mammograms, kinds))
    with _progress(f"cutting {folder.name}") as on_progress:
        return extract_patches(
            mammograms,
            folder=folder,
            configuration=configuration,
            lesion_kinds=kinds,
            healthy=lesions if healthy is None else healthy,
            seed=seed,
            on_progress=on_progress,
        )


def _shortcut(stores: dict[str, PatchStore], *, size: int) -> str:
    if "test" not in stores:
        return "too few patients with lesions for a split, so there is no shortcut AUROC"
    return shortcut_report(stores["train"], stores["test"], size=size).in_words()


@contextmanager
def _progress(title: str) -> Iterator[OnProgress]:
    with shown() as on_progress:
        yield lambda done, total: on_progress(
            Progress(done=done, total=total, unit="images", message=title)
        )


def _skipped(reading: Reading, *stores: PatchStore) -> dict[str, int]:
    skipped = Counter(record.reason for record in reading.skipped)
    for store in stores:
        skipped.update(store.skipped)
    return skipped


def _print_skipped(skipped: Mapping[str, int]) -> None:
    for reason, times in sorted(skipped.items()):
        sys.stdout.write(f"skipped {times}: {reason}\n")


def _table(counted: DatasetSummary) -> Table:
    table = Table(show_header=False)
    for name, value in counted.model_dump(exclude={"sizes", "kinds", "skipped", "notes"}).items():
        shown = (
            ", ".join(f"{key}: {n}" for key, n in value.items()) if type(value) is dict else value
        )
        table.add_row(name.replace("_", " "), str(shown or 0))
    for kind, sizes in counted.sizes.items():
        low, median, high = sizes.side_px
        text = f"{sizes.count}, side {median:g} px (quartiles {low:g} to {high:g})"
        if sizes.side_mm is not None:
            low, median, high = sizes.side_mm
            text += f", {median:.1f} mm ({low:.1f} to {high:.1f})"
        table.add_row(f"lesions: {kind}", text)
    return table


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
