"""`genshare publish`: a trained generator, or a package as it is, to a hub."""

import shutil
import sys
from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from centre_node.sharing.proportions import Ensemble, Proportions, chosen_proportions
from centre_node.sharing.publish import build_package, terms_of, weights_to_publish
from centre_node.training.errors import TrainingFolderError
from centre_node.training.folder import TRAINED, read_trained
from shared.command_options import Json, Options, with_options
from shared.commands import DEFAULT_URL, HubUrl, Token
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named
from shared.hub_client import connect
from shared.packages import MANIFEST, Package, open_package
from shared.progress import shown
from shared.publishable import check_publishable
from shared.terms import CentreTerms

app = typer.Typer(no_args_is_help=True, add_completion=False)

PACKAGE = "package"


TermsGiven = Annotated[dict[str, Any], Options(CentreTerms, panel="Name and terms")]


@app.command()
@with_options
def publish(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="What genshare train-generator left, or a package such as import-medigan's.",
        ),
    ],
    given: TermsGiven,
    ensemble: Ensemble = False,
    proportions: Proportions = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", help="Check and build the package; send nothing."),
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

      genshare publish trained --centre centre-b --name masses --title "Masses, 64 px"
      --licence "CC BY 4.0" --use-terms "Research only" --contact research@example.org
      --proportion weights-epoch-0500.safetensors=1 --proportion weights.safetensors=3 --dry-run

      GENSHARE_HUB_TOKEN=... genshare publish optimam
    """
    chosen = chosen_proportions(proportions, ensemble=ensemble)
    package = _package(folder, given, ensemble=ensemble, proportions=chosen)
    version = None if dry_run else _published(package, hub_url, token)
    done = f"published as version {version} on {hub_url}" if version else "built, and not sent"
    sys.stdout.write(_as_json(package, version) if json else _as_line(package, done))


def _as_json(package: Package, version: int | None) -> str:
    document = {
        "folder": str(package.folder),
        "centre": package.card.centre,
        "name": package.card.name,
        "version": version,
        "manifest_digest": package.digest,
    }
    return dumps(document) + "\n"


def _as_line(package: Package, done: str) -> str:
    card = package.card
    return (
        f"{card.centre}/{card.name}: {done}; {package.folder}, manifest sha256 {package.digest}\n"
    )


def _published(package: Package, hub_url: str, token: str | None) -> int:
    with shown() as report:
        return connect(hub_url, token).publish(package, on_progress=report).version


def _package(
    folder: Path, given: Mapping[str, Any], *, ensemble: bool, proportions: Mapping[str, float]
) -> Package:
    """Return the package that a folder is, or the one that is made of it."""
    if not (folder / MANIFEST).is_file():
        return _built(folder, given, ensemble=ensemble, proportions=proportions)
    settled = {"--ensemble": ensemble, "--proportion": proportions}
    too_much = [_option(name) for name in given]
    too_much += [option for option, is_given in settled.items() if is_given]
    if too_much:
        raise typer.BadParameter(
            f"{folder} is a package, whose card and weights are settled; leave out "
            f"{', '.join(too_much)}"
        )
    package = open_package(folder)
    check_publishable(package)
    return package


def _built(
    folder: Path, given: Mapping[str, Any], *, ensemble: bool, proportions: Mapping[str, float]
) -> Package:
    trained = read_trained(folder)
    if trained is None:
        raise TrainingFolderError(
            f"{folder} is no package, and holds no {TRAINED} of a finished training"
        )
    missing = [_option(name) for name in CentreTerms.model_fields if name not in given]
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
