from pathlib import Path

from shared.cards import TrainingSet
from shared.cuttings import Cutting
from tests.packages import write_tiny_package
from web_pages.card_wording import trained_on


def test_what_a_generator_was_trained_on_is_said_with_its_cutting_where_the_card_tells(
    tmp_path: Path,
) -> None:
    given = TrainingSet(
        data_set="INbreast",
        lesion_kinds=("mass",),
        patients=50,
        patches=80,
        pixel_spacing_mm=0.07,
        cutting=Cutting(margin_px=60, smallest_side_px=128),
    )
    telling = write_tiny_package(tmp_path / "telling", training_set=given).card
    silent = write_tiny_package(
        tmp_path / "silent", training_set=given.model_copy(update={"cutting": None})
    ).card

    assert trained_on(telling) == (
        "INbreast: at least 50 patients, at least 80 patches, cut with a margin of 60 px and a "
        "smallest side of 128 px, 0.07 mm a pixel before resizing."
    )
    assert trained_on(silent) == (
        "INbreast: at least 50 patients, at least 80 patches, 0.07 mm a pixel before resizing."
    )
