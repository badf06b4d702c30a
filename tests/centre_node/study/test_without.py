"""A study without a generator that was withdrawn."""

from pathlib import Path

import pytest

from centre_node.study.arms_without import arms_without
from centre_node.study.errors import StudyFileError
from centre_node.study.study_file import read_study_file
from centre_node.study.without import file_without
from node_api.studies import Arm
from tests.packages import write_tiny_package

B, C = "b" * 64, "c" * 64
NONE = Arm(name="none")
ALONE = Arm(name="B", generators=(B,))
BOTH = Arm(name="B and C", generators=(B, C), proportions=(1, 3))


def test_an_arm_keeps_what_it_has_left_in_its_proportions() -> None:
    left = arms_without((NONE, ALONE, BOTH), [B])

    assert left == (NONE, Arm(name="B and C", generators=(C,), proportions=(3,)))


def test_an_arm_that_becomes_another_is_left_out() -> None:
    c, both_again = Arm(name="C", generators=(C,)), Arm(name="C and B", generators=(C, B))

    assert arms_without((BOTH, c), [B]) == (c,)
    left = arms_without((NONE, BOTH, both_again), [B])
    assert [arm.name for arm in left] == ["none", "B and C"]


@pytest.mark.parametrize(
    ("arms", "reason"),
    [
        ((NONE, ALONE), f"no arm draws from {C}"),
        ((Arm(name="C", generators=(C,)),), "no arm is left"),
    ],
)
def test_what_changes_nothing_or_leaves_nothing_is_refused(
    arms: tuple[Arm, ...], reason: str
) -> None:
    with pytest.raises(StudyFileError, match=reason):
        arms_without(arms, [C])


def test_a_generator_of_a_file_is_named_as_there_or_by_its_digest(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "b")
    path = tmp_path / "study.toml"
    path.write_text(
        'own = { format = "auto", folder = "data" }\n'
        f'generators = {{ b = "{package.folder}" }}\n'
        "[study]\n"
        'arms = [{ name = "none" }, { name = "B", generators = ["b"] }]\n'
    )
    file = read_study_file(path)

    for named in ("b", package.digest, package.digest[:8]):
        left = file_without(file, [named])
        assert [arm.name for arm in left.study.arms] == ["none"]
        assert left.generators == {}
    with pytest.raises(StudyFileError, match=f"it has b \\({package.digest[:12]}\\)"):
        file_without(file, ["centre-b"])
