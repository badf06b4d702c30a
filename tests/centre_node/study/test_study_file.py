"""Study files, good and bad."""

from pathlib import Path

import pytest

from centre_node.study.errors import StudyFileError
from centre_node.study.study_file import read_study_file
from node_api.data_sources import MammogramFolder

GOOD = """
own = { format = "auto", folder = "data/a", where = { official_split = "test" } }
generators = { b = "packages/b" }

[donors]
centre-b = { folder = "/data/b", format = "coco" }

[study]
lesions = "masses"
lesion_kinds = ["mass"]
seeds = [0, 1]
arms = [
  { name = "none" },
  { name = "B", generators = ["b"] },
  { name = "Real B", real_donors = ["centre-b"] },
]
"""


def _read(folder: Path, text: str) -> object:
    file = folder / "study.toml"
    file.write_text(text)
    return read_study_file(file)


def test_folders_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(GOOD)

    file = read_study_file(tmp_path / "study.toml")

    assert isinstance(file.own, MammogramFolder)
    assert isinstance(file.donors["centre-b"], MammogramFolder)
    assert file.own.folder == str(tmp_path / "data/a")
    assert file.donors["centre-b"].folder == "/data/b"
    assert file.generators == {"b": tmp_path / "packages/b"}


def test_arms_get_the_digests_of_their_generators(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(GOOD)

    configuration = read_study_file(tmp_path / "study.toml").configuration({"b": "b" * 64})

    assert [arm.generators for arm in configuration.arms] == [(), ("b" * 64,), ()]
    assert configuration.arms[2].real_donors == ("centre-b",)
    assert configuration.seeds == (0, 1)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('generators = ["b"]', 'generators = ["c"]'), "'B' has 'c' in generators, but .* has b"),
        (('real_donors = ["centre-b"]', 'real_donors = ["x"]'), "'x' in real_donors, but"),
        (("seeds = [0, 1]", "seeds = [0, 0]"), "every seed must be named once"),
        (
            ("seeds = [0, 1]", "classifier_training = { swin_side_px = 32 }"),
            r"swin_side_px is 32, but swin is none of the classifiers, cnn",
        ),
        (("seeds = [0, 1]", "colour = 1"), r"study\.colour: Extra inputs are not permitted"),
        (("[study]", "[study"), "is no TOML"),
    ],
)
def test_a_faulty_file_is_refused_with_one_sentence(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    text = GOOD.replace(*change)
    with pytest.raises(StudyFileError, match=complaint) as caught:
        _read(tmp_path, text)

    assert str(caught.value).count("\n") <= 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"nowhere\.toml cannot be read: No such file"):
        read_study_file(tmp_path / "nowhere.toml")
