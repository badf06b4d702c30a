"""Warns where a study puts a generator's samples beside lesions that were cut otherwise."""

from collections.abc import Mapping

from centre_node.mammography.mammograms import Reading
from centre_node.sampling.cuttings import Cut, cut_of, differences
from node_api.studies import StudyConfiguration
from shared.cards import ModelCard
from study_report.wording import listed

WHAT_TO_DO = (
    "margin and smallest side can be set as the card has them, in the study's patches, and for a "
    "donor's real lesions in donor_cuttings"
)


def cutting_warnings(
    configuration: StudyConfiguration,
    cards: Mapping[str, ModelCard],
    own: Reading,
    donors: Mapping[str, Reading],
) -> tuple[str, ...]:
    """Say in a sentence which generators learned from lesions of another scale; none: no sentence.

    A generator is compared with the own lesions, or with the real ones of its centre where these
    have a cutting of their own.

    Args:
        cards: Of the arms' generators, by manifest digest.
        donors: By name, at least those of the study's arms.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for digest in dict.fromkeys(name for arm in configuration.arms for name in arm.generators):
        card = cards[digest]
        whose, beside = _beside(configuration, card.centre, own, donors)
        theirs = cut_of(card)
        differ = None if theirs is None else differences(theirs, beside)
        if differ is not None:
            found.setdefault((*differ, whose), []).append(f"{card.centre}/{card.name}")
    if not found:
        return ()
    told = "; ".join(
        f"{listed(list(dict.fromkeys(names)))} learned from lesions with {theirs}, and {whose} "
        f"are cut with {ours}"
        for (theirs, ours, whose), names in found.items()
    )
    return (f"a classifier may learn how lesions were cut: {told}; {WHAT_TO_DO}",)


def _beside(
    configuration: StudyConfiguration, centre: str, own: Reading, donors: Mapping[str, Reading]
) -> tuple[str, Cut]:
    """Return whose lesions a centre's generators are compared with, and how these are cut."""
    if centre in configuration.donor_cuttings:
        cutting = configuration.donor_patches(centre).cutting
        return f"its real ones ({centre})", Cut(cutting, donors[centre].pixel_spacing_mm)
    return "the own ones", Cut(configuration.patches.cutting, own.pixel_spacing_mm)
