"""`genshare study foretell`: does a generator's worth at its donor foretell it at a receiver?"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from centre_node.study.analysis.rank_correlation import FEWEST_PAIRS, RankCorrelation
from centre_node.study.foretelling import ON_CARDS, Columns, cards_in
from centre_node.study.foretelling import foretell as foretelling
from centre_node.study.foretold import Foretelling, LeftOut, MeasuredGenerator, StudyColumn
from shared.command_options import Json, with_options
from shared.counts import counted
from shared.safe_text import shown
from study_report.wording import classifier_name, interval, percentage, signed, unsigned

BRIEF = 12
"""Characters of a digest that are shown."""


@with_options
def foretell(
    donor: Annotated[
        Path,
        typer.Argument(
            metavar="DONOR",
            help="A study folder of the donor, with arms that train on one generator alone "
            "(own_lesions = false).",
        ),
    ],
    receivers: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECEIVERS",
            help="Study folders of a receiver, with an arm for each generator; several differ in "
            "their split_seed alone, and their mean is taken.",
        ),
    ],
    classifier: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which one, if the studies have several.")
    ] = None,
    donor_fraction: Annotated[
        float | None,
        Field(gt=0, le=1, description="Which train fraction, if the donor's study has several."),
    ] = None,
    fraction: Annotated[
        float | None,
        Field(gt=0, le=1, description="Which train fraction, if the receiver's study has several."),
    ] = None,
    cards: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="A folder with the generators' packages, in folders of their own: also say what "
            "the fidelity on their cards foretells.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say if a generator's worth at its donor foretells how much it helps at a receiver.

    Generators are paired by digest: the AUROC of classifiers that the donor trained on it alone,
    and what it gained the receiver over its best control. Spearman's rank correlation has a 95 %
    interval by a bootstrap over generators.

    Examples:
      genshare study foretell at-donor at-receiver

      genshare study foretell at-donor masses-0 masses-1 masses-2 --cards trained --json
    """
    found = foretelling(
        donor,
        receivers,
        Columns(classifier, donor_fraction, fraction),
        None if cards is None else cards_in(cards),
    )
    lines = "".join(f"{line}\n" for line in _lines(found))
    sys.stdout.write(found.model_dump_json(indent=2) + "\n" if json else lines)


def _lines(found: Foretelling) -> Iterator[str]:
    yield from _table(found)
    splits = f", mean of {found.receiver_studies} splits" if found.receiver_studies > 1 else ""
    yield f"Donor: {_in_words(found.donor)}; receiver: {_in_words(found.receiver)}{splits}."
    yield from _left_out(found.left_out)
    correlation = found.correlation
    yield (
        f"Spearman's rank correlation of {counted(correlation.pairs, 'generator')} "
        f"{unsigned(correlation.rho, 2)} (95 % {interval(correlation.interval, 2)}): "
        f"{_verdict(correlation)}."
    )
    for one in found.on_cards:
        yield f"On the cards: {ON_CARDS[one.metric]}: {_rho(one.correlation)}."


def _rho(correlation: RankCorrelation) -> str:
    of = counted(correlation.pairs, "generator")
    if correlation.rho is None:
        return f"the same for all of {of}, or what they brought is"
    told = f"{unsigned(correlation.rho, 2)} (95 % {interval(correlation.interval, 2)})"
    return f"{told} of {of}"


def _table(found: Foretelling) -> Iterator[str]:
    at_receiver = "gain there" if found.measured == "gain" else "AUROC there"
    names = [_name(one) for one in found.generators]
    width = max(map(len, ("generator", *names)))
    yield f"{'generator':<{width}}  donor's AUROC  {at_receiver}"
    for name, one in zip(names, found.generators, strict=True):
        there = signed(one.at_receiver) if found.measured == "gain" else unsigned(one.at_receiver)
        yield f"{name:<{width}}  {unsigned(one.at_donor):>13}  {there:>{len(at_receiver)}}"


def _name(one: MeasuredGenerator) -> str:
    return shown(f"{one.centre}/{one.name} ({one.manifest_digest[:BRIEF]})")


def _in_words(column: StudyColumn) -> str:
    return f"{classifier_name(column.classifier)}, {percentage(column.train_fraction)}"


def _left_out(left_out: LeftOut) -> Iterator[str]:
    arms = left_out.arms_at_donor, left_out.arms_at_receiver
    generators = left_out.only_at_donor, left_out.only_at_receiver
    if any(arms):
        yield f"Left out: arms of several generators, {_at_both(arms)}."
    if any(generators):
        yield f"Left out: generators measured at one place alone, {_at_both(generators)}."


def _at_both(counts: tuple[int, int]) -> str:
    return f"{counts[0]} at the donor and {counts[1]} at the receiver"


def _verdict(correlation: RankCorrelation) -> str:
    if correlation.verdict == "too few":
        return f"no verdict, for fewer than {FEWEST_PAIRS} generators tell nothing"
    if correlation.rho is None or correlation.verdict == "undefined":
        return "no verdict, for all of them are equal at the donor or at the receiver"
    if correlation.verdict == "not shown":
        return "not shown, for the interval holds 0"
    if correlation.rho > 0:
        return "shown, generators that do better at the donor help more at the receiver"
    return "shown, the other way round: generators that do better at the donor help less there"
