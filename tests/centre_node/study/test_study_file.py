"""Study files, good and bad."""

import json
from pathlib import Path
from typing import Any

import pytest

from centre_node.study.errors import StudyFileError
from centre_node.study.study_file import StudyFile, read_study_file
from node_api.choices import Choice, TriedGenerator
from node_api.data_sources import MammogramFolder
from node_api.findings import ChosenControl
from node_api.studies import Arm

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


def _read(folder: Path, text: str) -> StudyFile:
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
        (
            ('generators = ["b"]', 'generators = ["b"], chosen = "choice.json"'),
            "'B' has chosen generators, and adds something else besides",
        ),
        (("seeds = [0, 1]", "colour = 1"), r"study\.colour: there is no such field"),
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


def _choice(file: StudyFile, **changes: Any) -> Choice:
    tried = [("b", "b" * 64, 0.75), ("c", "c" * 64, 0.25), ("d", "d" * 64, 0.0)]
    fields = {
        "genshare_version": "0.1.0",
        "configuration_digest": "1" * 64,
        "split_digest": file.split_digest,
        "data_digests": (),
        "classifier": "cnn",
        "train_fraction": 1.0,
        "seeds": 5,
        "validation_patients": 20,
        "validation_patches": 40,
        "control": ChosenControl(
            classifier="cnn", train_fraction=1.0, arm="repeated", candidates={"repeated": 0.8}
        ),
        "tried": tuple(
            TriedGenerator(
                name=name,
                manifest_digest=digest,
                centre=f"centre-{name}",
                gain=share - 0.1,
                interval=None,
                p_adjusted=None,
                verdict="no difference shown",
                share=share,
            )
            for name, digest, share in tried
        ),
    }
    return Choice.model_validate(fields | changes)


POOL = GOOD.replace(
    '{ name = "B", generators = ["b"] }', '{ name = "chosen", chosen = "choice.json" }'
)
DIGESTS = {"b": "b" * 64, "c": "c" * 64}


def test_an_arm_of_chosen_generators_draws_as_the_receipt_says(tmp_path: Path) -> None:
    file = _read(tmp_path, POOL)
    (tmp_path / "choice.json").write_text(_choice(file).model_dump_json())

    arm = file.configuration(DIGESTS).arms[1]

    assert arm.generators == ("b" * 64, "c" * 64)
    assert arm.proportions == (0.75, 0.25)
    assert file.without_choices().configuration(DIGESTS).arms[1] == Arm(name="chosen")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"split_digest": "0" * 64}, "another split of them.*choose again"),
        ({"tried": ()}, "keeps no generator, for none beat the control; leave the arm out"),
        ({"seeds": None}, "is no receipt of a choice"),
    ],
)
def test_a_receipt_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    file = _read(tmp_path, POOL)
    text = json.dumps(json.loads(_choice(file).model_dump_json()) | changes)
    (tmp_path / "choice.json").write_text(text)

    with pytest.raises(StudyFileError, match=complaint):
        file.configuration(DIGESTS)


def test_a_chosen_generator_must_be_among_the_files(tmp_path: Path) -> None:
    file = _read(tmp_path, POOL)
    (tmp_path / "choice.json").write_text(_choice(file).model_dump_json())

    with pytest.raises(StudyFileError, match="chose 'c' with the digest cccccccccccc, which none"):
        file.configuration({"b": "b" * 64})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("split_seed = 0", "split_seed = 1"),
        ('folder = "data/a"', 'folder = "data/other"'),
        ('official_split = "test"', 'official_split = "train"'),
        ('lesion_kinds = ["mass"]', 'lesion_kinds = ["calcification"]'),
    ],
)
def test_another_split_of_the_patients_has_another_digest(
    tmp_path: Path, before: str, after: str
) -> None:
    text = GOOD.replace("seeds = [0, 1]", "seeds = [0, 1]\nsplit_seed = 0")

    one, other = _read(tmp_path, text), _read(tmp_path, text.replace(before, after))

    assert one.split_digest != other.split_digest


def test_more_seeds_or_arms_leave_the_split_as_it_is(tmp_path: Path) -> None:
    one, other = _read(tmp_path, GOOD), _read(tmp_path, POOL.replace("[0, 1]", "[0, 1, 2]"))

    assert one.split_digest == other.split_digest
