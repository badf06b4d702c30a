"""`genshare import-medigan` and `export-medigan`: generators from and to medigan."""

import sys
import tempfile
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from centre_node.medigan.errors import MediganMetadataError
from centre_node.medigan.exporting import medigan_json
from centre_node.medigan.importing import Imported, Publication, import_package
from centre_node.medigan.package_files import LARGEST_METADATA_BYTES
from shared.command_options import Json, Options, with_options
from shared.errors import PackageNotKeptError
from shared.files import full_disk_named, write_faults_named, write_text
from shared.packages import open_package

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("import-medigan")
@with_options
def import_medigan(
    source: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="medigan's zip, its folder, or its weights.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    said: Annotated[Publication, Options(panel="What its card says")],
    metadata: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="medigan's global.json or the model's own. Default: the package's.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="medigan's number of the model: 00002, 00005 or 00006. Default: told by tensors "
            "and file name.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a package, ready to publish, of a generator that medigan shares.

    Known are 00002 (DCGAN, masses of OPTIMAM), 00005 (DCGAN, masses of BCDR) and 00006 (WGAN-GP,
    masses of BCDR). Only the generator's weights are taken; no code of the package is run, and
    discriminator and optimisers stay behind. What nobody published stays unknown on the card: the
    patients of all three, the patches of 00005 and 00006, the epochs of 00002. The 2215 patches of
    00002 are the paper's. Whether 00005 and 00006 draw in [-1, 1] or, as the paper's published code
    trained, in [0, 1] is told by looking at samples.

    Examples:
      genshare import-medigan MALIGN_DCGAN.zip --metadata global.json --out optimam
      --centre centre-c --use-terms "Research only" --contact research@example.org

      genshare import-medigan 500.pt --licence MIT --out bcdr --name bcdr-masses
      --centre centre-b --use-terms "Research only" --contact research@example.org
    """
    with (
        tempfile.TemporaryDirectory(prefix="genshare-medigan-") as scratch,
        full_disk_named(Path(scratch)),
    ):
        imported = import_package(
            source,
            out,
            said,
            scratch=Path(scratch),
            metadata=None if metadata is None else _content(metadata),
            wanted=model,
        )
    sys.stdout.write(_as_json(imported) if json else _as_lines(imported))


@app.command("export-medigan")
def export_medigan(
    package: Annotated[
        Path,
        typer.Argument(metavar="PACKAGE", help="A package's folder; every digest is checked."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The JSON file to write. Default: standard output."),
    ] = None,
) -> None:
    """Write a package's metadata in medigan's schema; what is not known is null.

    medigan also needs a function that generates images: a package of ours holds no code, so the
    name of the generate method is null for the one who submits it to fill in.

    Examples:
      genshare export-medigan lesions-dcgan

      genshare fetch centre-b lesions-dcgan --out lesions-dcgan &&
      genshare export-medigan lesions-dcgan --out metadata.json
    """
    text = medigan_json(open_package(package).card)
    if out is None:
        sys.stdout.write(text)
        return
    with write_faults_named(out, PackageNotKeptError, full=PackageNotKeptError):
        write_text(out, text)


def _as_json(imported: Imported) -> str:
    document = {
        "folder": str(imported.package.folder),
        "model_id": imported.model.model_id,
        "manifest_digest": imported.package.digest,
        "pixel_range": imported.package.card.pixel_range,
        "left_out": imported.left_out,
        "unknown": imported.unknown,
    }
    return dumps(document) + "\n"


def _as_lines(imported: Imported) -> str:
    package, model = imported.package, imported.model
    published_as = f"{package.card.centre}/{package.card.name}"
    low, high = package.card.pixel_range
    lines = (
        f"{package.folder}: medigan's {model.model_id} as {published_as}",
        *(f"left out: {text}" for text in imported.left_out),
        f"not known, and so said on the card: {', '.join(imported.unknown)}",
        f"of the counts: {model.remark}",
        f"black and white are {low:g} and {high:g}"
        + (", told by looking at samples" if model.pixel_range is None else ""),
        f"manifest sha256 {package.digest}",
    )
    return "".join(f"{line}\n" for line in lines)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size <= LARGEST_METADATA_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise MediganMetadataError(f"{path} cannot be read: {error.strerror}") from error
    raise MediganMetadataError(
        f"{path} has {size} bytes; metadata have at most {LARGEST_METADATA_BYTES}"
    )
