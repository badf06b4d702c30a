from pathlib import Path

import cv2
import numpy as np

from centre_node.mammography.pictures import contact_sheet, write_png


def test_a_contact_sheet_sets_patches_in_rows_with_lines_between() -> None:
    patches = np.stack([np.full((3, 4), value, dtype=np.uint8) for value in (10, 20, 30)])

    sheet = contact_sheet(patches, columns=2)

    assert sheet.shape == (3 + 2 + 3, 4 + 2 + 4)
    assert (sheet[0, 0], sheet[0, 6], sheet[5, 0]) == (10, 20, 30)
    assert (sheet[0, 4], sheet[3, 0], sheet[5, 6]) == (255, 255, 255)


def test_a_picture_survives_png(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)

    write_png(tmp_path / "new" / "a.png", picture)

    read = cv2.imread(str(tmp_path / "new" / "a.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(np.asarray(read), picture)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
