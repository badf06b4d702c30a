"""`genshare export-package` and `import-package`: a generator on a disk, not over a network."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from shared.archived_packages import export_package, import_package
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named
from shared.marks import note_on
from shared.packages import Package, sha256_of
from shared.safe_text import shown
from shared.verbosity import note

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("export-package")
def export_to_file(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A package, such as genshare fetch makes.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to make.")],
) -> None:
    """Write a package to one file, with the statement and the signatures that lie beside it.

    The same package makes the same file, whose SHA-256 is printed; tar unpacks it too. A site
    without a network takes it in with genshare import-package.

    Examples:
      genshare export-package lesions-dcgan --out lesions-dcgan.tar
    """
    with write_faults_named(out.absolute().parent, PackageNotKeptError, full=PackageNotKeptError):
        package = export_package(folder, out)
    _tell_mark(package)
    note(f"{out} holds {package.card.centre}/{package.card.name}")
    sys.stdout.write(f"{sha256_of(out)}  {out}\n")


@app.command("import-package")
def import_from_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What genshare export-package made.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
) -> None:
    """Take a package in from one file; every digest and every tensor is checked first.

    Of a file that is broken, or is no package, nothing is kept. genshare sample then draws patches
    from the folder, and genshare publish FOLDER publishes it to a hub.

    Examples:
      genshare import-package lesions-dcgan.tar --out lesions-dcgan
    """
    with write_faults_named(out, PackageNotKeptError, full=PackageNotKeptError):
        package = import_package(file, out)
    _tell_mark(package)
    note(f"{package.card.centre}/{package.card.name} is in {out}, every digest verified")
    sys.stdout.write("".join(f"{each.sha256}  {out / each.name}\n" for each in package.files))


def _tell_mark(package: Package) -> None:
    if (marked := note_on(package)) is not None:
        sys.stderr.write(f"{shown(marked)}\n")
