"""`genshare fidelity`: how close a generator's samples are to a centre's own patches."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from centre_node.fidelity.harmonised import HarmonisedReport
from centre_node.fidelity.measuring import MeasuredFidelity
from centre_node.fidelity.package_comparison import ComparisonRequest, PackageComparison
from centre_node.mammography.command_options import Mammograms, Patches
from centre_node.process import Threads, prepare_for_real_patches
from centre_node.sampling.patch_files import check_new, new_folder
from shared.command_options import Json, Options, with_options
from shared.counts import counted
from shared.fidelity import FidelityReport, FidelityRow
from shared.marks import note_on
from shared.packages import open_package
from shared.progress import shown
from shared.safe_text import shown as shown_text

app = typer.Typer(no_args_is_help=True, add_completion=False)

REPORT = "fidelity.json"
COLUMNS = ("KID", "95 % interval", "precision", "recall", "density", "coverage", "AUROC", "Frechet")


@app.command()
@with_options
def fidelity(
    package_folder: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="A folder that genshare fetch made.")
    ],
    mammograms: Mammograms,
    patches: Patches,
    wanted: Annotated[ComparisonRequest, Options()],
    threads: Threads = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="A new folder for fidelity.json and for pictures, which show real patches.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure how close a generator's samples are to the lesion patches of your mammograms.

    Every number stands beside that of two halves of the real patches: nothing can be closer. With
    --features classifier, half of the patients train a classifier, and only patches of patients
    that it has not seen are compared. With --harmonised-by, samples have the look of one half of
    your patients' lesions and are compared with the other half. Nothing leaves this machine.

    Examples:
      genshare fidelity lesions-dcgan /data/INbreast --kinds mass --margin-mm 4.2 --out compared

      genshare fidelity lesions-dcgan /data/INbreast --features classifier --other /data/bcdr

      genshare fidelity lesions-dcgan /data/INbreast --harmonised-by greys_and_bands
    """
    package = open_package(package_folder, partly=True)
    if (note := note_on(package)) is not None:
        sys.stderr.write(f"{shown_text(note)}\n")
    prepare_for_real_patches(threads)
    if out is not None:
        check_new(out)
    with shown() as on_progress:
        comparison = PackageComparison(package, mammograms, patches, wanted)
        measured = comparison.measured(on_progress)
    if out is not None:
        _write(measured, out)
    sys.stdout.write(_as_json(measured.report) if json else _as_lines(measured.report, out))


def _write(measured: MeasuredFidelity, out: Path) -> None:
    with new_folder(out) as new:
        (new / REPORT).write_text(_as_json(measured.report))
        for name, png in measured.pictures.items():
            (new / name).write_bytes(png)


def _as_json(report: FidelityReport) -> str:
    return report.model_dump_json(indent=2) + "\n"


def _as_lines(report: FidelityReport, out: Path | None) -> str:
    return "".join(f"{line}\n" for line in _lines(report, out))


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
    compared = counted(report.synthetic.patches, "patch", "patches")
    yield f"{compared} in each set; {report.mode_collapse.statement}"
    if isinstance(report, HarmonisedReport):
        yield (
            f"harmonised by {report.harmonised_by}: in the look of {report.fitted_on} real patches "
            "of other patients of yours than are compared"
        )
    if out is not None:
        yield f"{out}: {REPORT}, and pictures that show real patches: they stay in the centre"


def _texts(row: FidelityRow) -> Iterator[str]:
    yield _shown(row.kid)
    yield "-" if row.kid_interval is None else " to ".join(map(_shown, row.kid_interval))
    for value in (row.precision, row.recall, row.density, row.coverage, row.auroc, row.frechet):
        yield _shown(value)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
