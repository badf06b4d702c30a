"""`genshare publish`: a trained generator, or a package as it is, to a hub."""

import math
import shutil
import sys
from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from centre_node.sharing.publish import build_package, terms_of, weights_to_publish
from centre_node.training.errors import TrainingFolderError
from centre_node.training.folder import TRAINED, trained_in
from shared.arguments import name_argument
from shared.commands import DEFAULT_URL, HubUrl, Json, Token
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named
from shared.hub_client import connect
from shared.packages import MANIFEST, Package, open_package

app = typer.Typer(no_args_is_help=True)

PACKAGE = "package"


@app.command()
def publish(
    folder: Annotated[
        Path,
        typer.Argument(help="Of genshare train-generator, or a package such as import-medigan's."),
    ],
    centre: Annotated[
        str | None, typer.Option(callback=name_argument, help="That publishes it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(callback=name_argument, help="The generator's name.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="A line for people.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights.")] = None,
    use_terms: Annotated[str | None, typer.Option(help="What a receiver may do with it.")] = None,
    contact: Annotated[str | None, typer.Option(help="Whom a receiver can ask.")] = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Every weight file that the training kept.")
    ] = False,
    proportions: Annotated[
        list[str] | None,
        typer.Option(
            "--proportion",
            metavar="FILE=NUMBER",
            help="Weight files to take instead, and in which proportions patches are drawn from "
            "them; once for each.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and build the package; send nothing.")
    ] = False,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    json: Json = False,
) -> None:
    """Publish a trained generator to a hub, under a name and terms.

    Of a training's folder a package is made first, in package/ there: card, weights and digests,
    and nothing else leaves. A package is sent as it is; its card has name and terms already.
    Published twice, it is the same version.

    Examples:
      GENSHARE_HUB_TOKEN=... genshare publish trained --centre centre-b --name masses
      --title "Masses, 64 px" --licence "CC BY 4.0" --use-terms "Research only"
      --contact research@example.org --hub-url https://hub.example.org

      genshare publish trained ... --proportion weights-epoch-0500.safetensors=1
      --proportion weights.safetensors=3

      GENSHARE_HUB_TOKEN=... genshare publish optimam
    """
    given = {
        "centre": centre,
        "name": name,
        "title": title,
        "licence": licence,
        "use_terms": use_terms,
        "contact": contact,
    }
    package = _package(folder, given, ensemble=ensemble, proportions=_proportions(proportions))
    version = None if dry_run else connect(hub_url, token).publish(package).version
    card = package.card
    if json:
        document = {
            "folder": str(package.folder),
            "centre": card.centre,
            "name": card.name,
            "version": version,
            "manifest_digest": package.digest,
        }
        sys.stdout.write(dumps(document) + "\n")
        return
    done = "built, and not sent" if dry_run else f"published as version {version} on {hub_url}"
    sys.stdout.write(
        f"{card.centre}/{card.name}: {done}; {package.folder}, manifest sha256 {package.digest}\n"
    )


def _proportions(options: list[str] | None) -> dict[str, float]:
    found = {}
    for option in options or ():
        name, _, number = option.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise typer.BadParameter(
                f"--proportion {option} is no FILE=NUMBER, such as weights.safetensors=2"
            ) from None
        if not (0 < found[name] < math.inf):
            raise typer.BadParameter(f"--proportion {option} must be above 0")
    return found


def _package(
    folder: Path, given: dict[str, str | None], *, ensemble: bool, proportions: Mapping[str, float]
) -> Package:
    """Return the package that a folder is, or the one that is made of it."""
    if ensemble and proportions:
        raise typer.BadParameter("--ensemble takes every weight file, --proportion some of them")
    if not (folder / MANIFEST).is_file():
        return _built(folder, given, ensemble=ensemble, proportions=proportions)
    settled = {"--ensemble": ensemble, "--proportion": proportions}
    too_much = [_option(name) for name, value in given.items() if value is not None]
    too_much += [option for option, is_given in settled.items() if is_given]
    if too_much:
        raise typer.BadParameter(
            f"{folder} is a package, whose card and weights are settled; leave out "
            f"{', '.join(too_much)}"
        )
    return open_package(folder)


def _built(
    folder: Path, given: dict[str, Any], *, ensemble: bool, proportions: Mapping[str, float]
) -> Package:
    trained = trained_in(folder)
    if trained is None:
        raise TrainingFolderError(
            f"{folder} is no package, and holds no {TRAINED} of a finished training"
        )
    missing = [_option(name) for name, value in given.items() if value is None]
    if missing:
        raise typer.BadParameter(f"a training is published with {', '.join(missing)} too")
    weights = weights_to_publish(folder, ensemble=ensemble, proportions=proportions)
    shutil.rmtree(folder / PACKAGE, ignore_errors=True)  # made from the same, perhaps otherwise
    with write_faults_named(folder, PackageNotKeptError, full=PackageNotKeptError):
        return build_package(
            folder / PACKAGE, weights, trained, terms_of(given), proportions=proportions
        )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
