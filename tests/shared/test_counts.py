import pytest

from shared.counts import counted, named


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (2000, "2,000 runs")]
)
def test_one_of_a_thing_is_no_plural(count: int, told: str) -> None:
    assert counted(count, "run") == told


def test_a_plural_of_its_own_and_a_verb_agree() -> None:
    assert [counted(count, "patch is", "patches are") for count in (1, 3)] == [
        "1 patch is",
        "3 patches are",
    ]
    assert named(1, "patch", "patches") == "patch"
