"""`genshare init`: a study file for one's own mammograms."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field, TypeAdapter, ValidationError

from centre_node.device import default_device
from centre_node.log_rules import keep_headers_out
from centre_node.mammography.datasets import read_folder
from centre_node.study.preparation import StudyInputs
from centre_node.study.proposal import propose
from centre_node.study.proposal_file import study_toml
from node_api.data_sources import RecordValues
from shared.command_options import Json, with_options
from shared.counts import counted
from shared.files import write_text
from shared.names import LesionKind, Name
from shared.packages import open_package

app = typer.Typer(add_completion=False)
NAME: TypeAdapter[Name] = TypeAdapter(Name)


@app.command()
@with_options
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Your own mammograms, in any known layout.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The study file to write.")] = Path(
        "study.toml"
    ),
    donor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER",
            help="Mammograms of another centre that you may see; once for each.",
        ),
    ] = None,
    generator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER", help="A generator that genshare fetch made; once for each."
        ),
    ] = None,
    where: Annotated[
        RecordValues,
        Field(description="Keep only own images whose record has this value, such as view=CC."),
    ] = {},  # noqa: B006 (never changed)
    kinds: Annotated[
        tuple[LesionKind, ...],
        Field(description="Kinds of lesions; by default the kind that most patients have."),
    ] = (),
    minutes: Annotated[
        float, Field(gt=0, le=100_000, description="That the study may take on this machine.")
    ] = 60,
    json: Json = False,
) -> None:
    """Write a study file for your own mammograms, and say what it assumes.

    The folder is recognised by its files. Nothing is trained but a classifier on noise for a
    moment, to tell how long the study will take.

    Examples:
      genshare init /data/INbreast --minutes 30

      genshare init /data/own --generator b=fetched/masses --donor centre-b=/data/lent
    """
    keep_headers_out()
    if out.exists():
        raise typer.BadParameter(f"--out {out} is there already; remove it or name another file")
    donors, generators = _named("--donor", donor), _named("--generator", generator)
    packages = {name: open_package(at, partly=True) for name, at in generators.items()}
    inputs = StudyInputs(
        own=read_folder(folder, "auto", where),
        donors={name: read_folder(at, "auto", {}) for name, at in donors.items()},
        packages={package.digest: package for package in packages.values()},
    )
    names = {name: package.digest for name, package in packages.items()}
    proposal = propose(inputs, names, kinds=kinds, minutes=minutes, device=default_device())
    text = study_toml(
        proposal, own=folder.resolve(), where=where, donors=donors, generators=generators
    )
    try:
        write_text(out, text)
    except OSError as error:
        raise typer.BadParameter(f"--out {out} cannot be written: {error.strerror}") from error
    if json:
        sys.stdout.write(proposal.plan.model_dump_json(indent=2) + "\n")
        return
    _tell(out, inputs, proposal.assumed)


def _tell(out: Path, inputs: StudyInputs, assumed: Sequence[str]) -> None:
    own = inputs.own
    patients = len({image.patient_id for image in own.mammograms})
    of_whom = f"{counted(len(own.mammograms), 'image')} of {counted(patients, 'patient')}"
    lines = [f"{out} is a study of {own.name}: {of_whom}"]
    lines += [f"  - {sentence}" for sentence in (*own.notes, *assumed)]
    run = f"genshare study run {out} --out {out.stem}-results"
    lines += [f"See what it would do: {run} --dry-run", f"Run it:               {run}"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _named(option: str, given: Sequence[str] | None) -> Mapping[str, Path]:
    """Return folders by the names that were given to them."""
    found: dict[str, Path] = {}
    for one in given or ():
        name, _, folder = one.partition("=")
        try:
            NAME.validate_python(name)
        except ValidationError:
            folder = ""
        if not folder or name in found:
            why = "names the same twice" if name in found else "is no NAME=FOLDER, such as b=masses"
            raise typer.BadParameter(f"{option} {one} {why}")
        found[name] = Path(folder).resolve()
    return found
