"""`genshare choose`: which donors' generators help this centre, by its validation patients."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import cv2
import typer

from centre_node.device import default_device
from centre_node.log_rules import keep_headers_out
from centre_node.process import Threads
from centre_node.study.choosing import Trial, choose
from centre_node.study.command_parts import EngineChoice
from centre_node.study.from_file import (
    CACHE,
    digests_of,
    inputs_of,
    make_folder,
    open_generators,
)
from centre_node.study.lineage import RECEIPT, RESULT
from centre_node.study.study_file import StudyFile, read_study_file
from node_api.choices import Choice, TriedGenerator
from shared.command_options import Json, Options, with_options
from shared.counts import counted
from shared.files import write_text
from shared.packages import Package
from shared.progress import shown
from study_report.wording import percentage, signed, signed_interval, unsigned

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("choose")
@with_options
def choose_generators(
    study_file: Annotated[Path, typer.Argument(metavar="FILE", help="A study file, TOML.")],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Gets the receipt, and what a resumption needs.")
    ],
    engine: Annotated[EngineChoice, Options(panel="What does the runs")],
    train_fraction: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="With which of the study's shares of the training patients; by default the "
            "smallest.",
        ),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With which of the study's classifiers; by default its first."
        ),
    ] = None,
    threads: Threads = 1,
    json: Json = False,
) -> None:
    """Choose among fetched generators by what they bring on your own validation patients.

    Each generator of the file is tried alone, beside the file's controls. Those that beat the best
    control make a pool, in proportion to what they gain. No test patient has a part in it. The
    receipt says all of this; an arm with chosen = "choice.json" draws from the pool.

    Examples:
      genshare choose masses.toml --out chosen

      genshare choose masses.toml --out chosen --train-fraction 0.15 --json
    """
    keep_headers_out()
    file = read_study_file(study_file).without_choices()
    packages = open_generators(file)
    trial = _trial(file, packages, train_fraction, classifier)
    does_the_runs = engine.made()
    make_folder(out, apart_from=RESULT)
    inputs = inputs_of(file.model_copy(update={"donors": {}}), packages, out)
    cv2.setNumThreads(1)
    with shown() as on_progress:
        choice = choose(
            trial,
            inputs,
            split_digest=file.split_digest,
            cache=out / CACHE,
            device=default_device(),
            threads=threads,
            engine=does_the_runs,
            on_progress=on_progress,
        )
    receipt = out / RECEIPT
    write_text(receipt, choice.model_dump_json(indent=2) + "\n")
    lines = "".join(f"{line}\n" for line in _lines(choice, receipt))
    sys.stdout.write(choice.model_dump_json(indent=2) + "\n" if json else lines)


def _trial(
    file: StudyFile,
    packages: Mapping[str, Package],
    train_fraction: float | None,
    classifier: str | None,
) -> Trial:
    study = file.configuration(digests_of(packages))
    if not packages:
        raise typer.BadParameter("the study file names no generators to choose among")
    fraction = min(study.train_fractions) if train_fraction is None else train_fraction
    if fraction not in study.train_fractions:
        known = ", ".join(map(str, study.train_fractions))
        raise typer.BadParameter(f"--train-fraction is {fraction}; the study has {known}")
    known_classifiers = {name: name for name in study.classifiers}
    wanted = study.classifiers[0] if classifier is None else classifier
    if wanted not in known_classifiers:
        known = ", ".join(study.classifiers)
        raise typer.BadParameter(f"--classifier is {wanted}; the study has {known}")
    return Trial.of(study, packages, classifier=known_classifiers[wanted], train_fraction=fraction)


def _lines(choice: Choice, receipt: Path) -> Iterator[str]:
    control = choice.control
    yield (
        f"best control on {counted(choice.validation_patches, 'patch', 'patches')} of "
        f"{counted(choice.validation_patients, 'validation patient')}: {control.arm}, "
        f"AUROC {unsigned(control.candidates[control.arm])}"
    )
    for one in choice.tried:
        yield f"{one.name} ({one.centre}): {_gain(one)}; {_share(one)}"
    if choice.kept:
        yield f'{receipt}; a study draws from it with an arm {{ chosen = "{receipt.name}" }}'
    else:
        yield f"{receipt}; no generator beats the control, which needs no donor"


def _gain(one: TriedGenerator) -> str:
    if one.gain is None:
        return f"gain not known ({one.reason})"
    return f"gain {signed(one.gain)}, 95 % {signed_interval(one.interval)}, {_verdict(one)}"


def _verdict(one: TriedGenerator) -> str:
    if one.verdict == "too few seeds":
        return f"not judged, for {one.reason}; give more seeds in the study file"
    return one.verdict if one.verdict in ("higher", "lower") else "not shown"


def _share(one: TriedGenerator) -> str:
    return f"share {percentage(one.share)}" if one.share else "left out"
