"""`genshare study foretell`: generators at their donor and at a receiver."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from centre_node.study.errors import StudyFileError
from centre_node.study.foretelling import Columns, cards_in, foretell
from centre_node.study.lineage import RESULT
from node_api.findings import ArmFacts, ChosenControl, StudyResult, UsedGenerator
from shared.cards import ModelCard
from study_report.contents import StudyReport
from tests.command_line import Genshare
from tests.packages import a_fidelity_report, write_tiny_package
from tests.study_report.made_up import NONE, REPEATED, a_difference, a_study, an_estimate

ANY, HALF = Columns(), Columns(receiver_fraction=0.5)
ALONE, ADDED = "synthetic only", "synthetic"
CONTROL_AUROC = 0.7
Aurocs = Mapping[str, Sequence[float]]
"""An arm's AUROC for each seed, by the letters of its generators, which are its name."""


def digest(letter: str) -> str:
    return f"{ord(letter):02x}" * 32


def a_folder(
    folder: Path,
    role: str,
    aurocs: Aurocs,
    *,
    split_seed: int = 0,
    fractions: tuple[float, ...] = (1.0,),
    with_control: bool = True,
) -> Path:
    """Write a finished study whose arms have these AUROCs in every column."""
    arms = tuple(
        ArmFacts.model_validate({"name": letters, "role": role, "donors": ("centre-b",)})
        for letters in aurocs
    )
    made = a_study(arms=(NONE, REPEATED, *arms), fractions=fractions)
    result = made.result
    used = tuple(
        UsedGenerator(
            manifest_digest=digest(letter),
            centre="centre-b",
            name=f"masses-{letter}",
            title="Masses",
            arms=tuple(letters for letters in aurocs if letter in letters),
            patches=200,
            recipe_digest="34" * 32,
        )
        for letter in sorted(set("".join(aurocs)))
    )
    update = {
        "generators": used,
        "findings": result.findings.model_copy(
            update=_findings(result, aurocs, fractions, with_control=with_control)
        ),
        "origin": result.origin.model_copy(
            update={"data_digests": (digest("d" if role == ALONE else "r"),)}
        ),
    }
    configuration = made.configuration.model_copy(update={"split_seed": split_seed})
    report = StudyReport(configuration=configuration, result=result.model_copy(update=update))
    folder.mkdir()
    (folder / RESULT).write_text(report.model_dump_json())
    return folder


def _findings(
    result: StudyResult, aurocs: Aurocs, fractions: Sequence[float], *, with_control: bool
) -> dict[str, object]:
    cells = tuple(
        cell.model_copy(update={"metrics": {"auroc": an_estimate(aurocs[cell.arm])}})
        if cell.arm in aurocs
        else cell
        for cell in result.findings.cells
    )
    differences = tuple(
        a_difference(
            letters, gain=sum(values) / len(values) - CONTROL_AUROC, train_fraction=fraction
        )
        for letters, values in aurocs.items()
        for fraction in fractions
    )
    controls = tuple(
        ChosenControl(classifier="cnn", train_fraction=share, arm=REPEATED.name, candidates={})
        for share in fractions
    )
    return {
        "cells": cells,
        "differences": differences,
        "controls": controls if with_control else (),
    }


GENERATORS = "abcdefghijkl"
RISING = {letter: (0.6 + place / 100,) for place, letter in enumerate(GENERATORS)}


@pytest.fixture
def donor(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "donor", ALONE, RISING)


@pytest.fixture
def receiver(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "receiver", ADDED, RISING)


def test_generators_are_paired_by_digest_and_their_seeds_averaged(tmp_path: Path) -> None:
    donor = a_folder(tmp_path / "donor", ALONE, {"a": (0.6, 0.7), "b": (0.8, 0.9), "c": (0.9,)})
    receiver = a_folder(tmp_path / "receiver", ADDED, {"b": (0.75,), "a": (0.5, 0.6), "d": (0.9,)})

    found = foretell(donor, [receiver], ANY)

    (best, other) = found.generators
    assert (best.manifest_digest, other.manifest_digest) == (digest("b"), digest("a"))
    assert (best.at_donor, other.at_donor) == pytest.approx((0.85, 0.65))
    assert found.measured == "gain"
    assert (best.at_receiver, other.at_receiver) == pytest.approx((0.05, -0.15))
    assert (found.left_out.only_at_donor, found.left_out.only_at_receiver) == (1, 1)


def test_what_fidelity_on_the_cards_foretells_is_told_by_metric(
    donor: Path, receiver: Path, tmp_path: Path
) -> None:
    card = write_tiny_package(tmp_path / "package", fidelity=a_fidelity_report()).card
    cards = {
        digest(letter): _with_row(card, coverage=place / 100, kid=50.0 - place)
        for place, letter in enumerate(GENERATORS)
    }
    cards[digest("a")] = card.model_copy(update={"fidelity": None})

    found = foretell(donor, [receiver], ANY, cards)

    told = {one.metric: one.correlation for one in found.on_cards}
    assert (told["coverage"].rho, told["kid"].rho) == pytest.approx((1.0, -1.0))
    assert told["coverage"].pairs == len(GENERATORS) - 1
    assert told["precision"].rho is None  # all cards have the same
    assert foretell(donor, [receiver], ANY).on_cards == ()


def _with_row(card: ModelCard, **numbers: float) -> ModelCard:
    assert card.fidelity is not None
    row = card.fidelity.synthetic.model_copy(update=numbers)
    return card.model_copy(update={"fidelity": card.fidelity.model_copy(update={"synthetic": row})})


def test_cards_are_found_in_folders_of_packages(tmp_path: Path) -> None:
    packages = [write_tiny_package(tmp_path / name / "package", title=name) for name in "ab"]

    assert cards_in(tmp_path) == {package.digest: package.card for package in packages}
    with pytest.raises(StudyFileError, match="no generator's package is in"):
        cards_in(tmp_path / "nowhere")


def test_splits_of_the_receiver_are_averaged_for_each_generator(tmp_path: Path) -> None:
    donor = a_folder(tmp_path / "donor", ALONE, {"a": (0.6,), "b": (0.7,)})
    splits = [
        a_folder(tmp_path / f"split-{seed}", ADDED, aurocs, split_seed=seed)
        for seed, aurocs in enumerate([{"a": (0.8,), "b": (0.7,)}, {"a": (0.9,), "b": (0.7,)}])
    ]

    found = foretell(donor, splits, ANY)

    assert {one.name: one.at_receiver for one in found.generators} == pytest.approx(
        {"masses-a": 0.15, "masses-b": 0.0}
    )
    assert found.correlation.rho == -1


def test_without_a_control_the_receivers_auroc_is_taken(donor: Path, tmp_path: Path) -> None:
    receiver = a_folder(tmp_path / "receiver", ADDED, {"a": (0.8,)}, with_control=False)

    found = foretell(donor, [receiver], ANY)

    assert found.measured == "auroc"
    assert found.generators[0].at_receiver == pytest.approx(0.8)


def test_an_arm_of_several_generators_is_left_out_and_counted(donor: Path, tmp_path: Path) -> None:
    receiver = a_folder(tmp_path / "receiver", ADDED, {"a": (0.8,), "b": (0.8,), "ab": (0.9,)})

    found = foretell(donor, [receiver], ANY)

    assert len(found.generators) == 2
    assert (found.left_out.arms_at_donor, found.left_out.arms_at_receiver) == (0, 1)


def test_orders_that_agree_are_shown(donor: Path, receiver: Path, genshare: Genshare) -> None:
    done = genshare("study", "foretell", donor, receiver)

    heading, best, *_ = done.stdout.splitlines()
    assert done.code == 0, done.stderr
    assert heading.split() == ["generator", "donor's", "AUROC", "gain", "there"]
    assert best.split() == ["centre-b/masses-l", f"({digest('l')[:12]})", "0.710", "+0.010"]
    assert done.stdout.endswith(
        "Spearman's rank correlation of 12 generators 1.00 (95 % 1.00 to 1.00): shown, generators "
        "that do better at the donor help more at the receiver.\n"
    )


def test_the_reverse_order_is_shown_as_the_reverse(
    donor: Path, tmp_path: Path, genshare: Genshare
) -> None:
    falling = {letter: (0.9 - place / 100,) for place, letter in enumerate(GENERATORS)}
    receiver = a_folder(tmp_path / "receiver", ADDED, falling)

    done = genshare("study", "foretell", donor, receiver)

    assert ": shown, the other way round: " in done.stdout


def test_eleven_generators_are_printed_and_have_no_verdict(
    donor: Path, tmp_path: Path, genshare: Genshare
) -> None:
    few = {letter: RISING[letter] for letter in GENERATORS[:11]}
    receiver = a_folder(tmp_path / "receiver", ADDED, few)

    told = genshare("study", "foretell", donor, receiver).stdout
    as_json = genshare("study", "foretell", donor, receiver, "--json").stdout

    assert told.count("centre-b/masses-") == 11
    assert told.endswith("no verdict, for fewer than 12 generators tell nothing.\n")
    assert json.loads(as_json)["correlation"]["verdict"] == "too few"
    assert "measured at one place alone, 1 at the donor and 0 at the receiver" in told


def test_of_several_columns_one_is_named(donor: Path, tmp_path: Path) -> None:
    receiver = a_folder(tmp_path / "receiver", ADDED, RISING, fractions=(1.0, 0.5))

    with pytest.raises(StudyFileError, match=r"2 columns of .* --classifier cnn --fraction 0\.5"):
        foretell(donor, [receiver], ANY)
    assert foretell(donor, [receiver], HALF).receiver.train_fraction == 0.5
    with pytest.raises(StudyFileError, match=r"0 columns of .*donor .* --donor-fraction 1"):
        foretell(donor, [receiver], Columns(donor_fraction=0.5, receiver_fraction=0.5))


def test_a_folder_without_a_study_is_one_sentence(donor: Path, genshare: Genshare) -> None:
    done = genshare("study", "foretell", donor, "nowhere")

    assert done.code == 1
    assert "nowhere/study-result.json cannot be read: No such file" in done.stderr


def test_studies_without_a_generator_in_common_are_refused(donor: Path, tmp_path: Path) -> None:
    receiver = a_folder(tmp_path / "receiver", ADDED, {"z": (0.8,)})

    with pytest.raises(StudyFileError, match=r"no generator is measured both in .* very same pack"):
        foretell(donor, [receiver], ANY)


def test_the_places_are_not_to_be_mixed_up(donor: Path, receiver: Path) -> None:
    with pytest.raises(StudyFileError, match=r"receiver has no arm that trains on one generator"):
        foretell(receiver, [donor], ANY)


def test_a_study_does_not_foretell_itself(donor: Path) -> None:
    with pytest.raises(StudyFileError, match="are studies of the same patches"):
        foretell(donor, [donor], ANY)


def test_the_same_split_does_not_count_twice(donor: Path, receiver: Path) -> None:
    with pytest.raises(StudyFileError, match="have the same split_seed, 0"):
        foretell(donor, [receiver, receiver], ANY)


def test_a_generator_in_two_arms_is_ambiguous(donor: Path, receiver: Path) -> None:
    file = receiver / RESULT
    file.write_text(file.read_text().replace(f'"{digest("b")}"', f'"{digest("a")}"'))

    with pytest.raises(StudyFileError, match=r"two arms of centre-b/masses-., 'a' and 'b'"):
        foretell(donor, [receiver], ANY)
