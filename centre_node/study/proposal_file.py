"""Writes a proposed study as a commented study file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from centre_node.study.proposal import Proposal
from node_api.studies import Arm, StudyConfiguration
from shared.toml_text import toml_value

EXPLAINED: Mapping[str, str] = {
    "lesion_kinds": "lesions of these kinds, against healthy tissue",
    "patches": "how the squares are cut; genshare data preview shows them",
    "split_shares": "of the patients: training, validation, test",
    "train_fractions": "add 0.25 here to see what a centre with a quarter of the patients gains",
    "synthetic_patches": "lesions that an arm adds",
    "classifier_training": "as many steps for every arm, so that none gains by longer training",
    "seeds": "fewer than five lead to no verdict",
}


def study_toml(
    proposal: Proposal,
    *,
    own: Path,
    where: Mapping[str, str],
    donors: Mapping[str, Path],
    generators: Mapping[str, Path],
) -> str:
    """Return the file's text, which `read_study_file` reads as the proposal.

    Args:
        own: The centre's mammograms; `where` keeps those with these values in their record.
        donors, generators: Folders by name.
    """
    names = {arm.generators[0]: arm.name for arm in proposal.configuration.arms if arm.generators}
    lines = [
        "# Written by genshare init; every line may be changed. docs/study.md explains them.",
        "#",
        *(f"# Assumed: {sentence}" for sentence in proposal.assumed),
        "",
        f"own = {toml_value({'format': 'auto', 'folder': str(own), 'where': dict(where)})}",
    ]
    if generators:
        lines.append(
            f"generators = {toml_value({name: str(at) for name, at in generators.items()})}"
        )
    if donors:
        lines += ["", "[donors]  # mammograms of other centres that this one may see"]
        folders = ({"format": "auto", "folder": str(at)} for at in donors.values())
        lines += [f"{name} = {toml_value(at)}" for name, at in zip(donors, folders, strict=True)]
    lines += ["", "[study]", *_study(proposal.configuration, names), ""]
    return "\n".join(lines)


def _study(configuration: StudyConfiguration, names: Mapping[str, str]) -> Iterator[str]:
    given = configuration.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    for name, value in given.items():
        if name == "arms":
            continue
        why = f"  # {EXPLAINED[name]}" if name in EXPLAINED else ""
        yield f"{name} = {toml_value(value)}{why}"
    yield "arms = ["
    for arm in configuration.arms:
        yield f"  {toml_value(_arm(arm, names))},"
    yield "]"


def _arm(arm: Arm, names: Mapping[str, str]) -> dict[str, object]:
    told = arm.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    if arm.generators:
        told["generators"] = [names[digest] for digest in arm.generators]
    return told
