"""What docs/data.md shows of tables is read as it says."""

import re
from pathlib import Path

import cv2
import numpy as np

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.readers.table_choices import CHOICES, TableChoices, read_choices
from tests.centre_node.mammography.readers.table_files import by_name

PAGE = Path(__file__).parents[4] / "docs" / "data.md"


def block(kind: str, beginning: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(
        rf"^```{kind}\n({re.escape(beginning)}.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    assert found is not None
    return found[1]


def test_the_example_is_two_lesions_a_healthy_image_and_one_that_is_excluded(
    tmp_path: Path,
) -> None:
    for name in ("P01_L_CC", "P01_R_CC", "P02_L_MLO"):
        pixels = np.arange(1500 * 1500, dtype=np.uint32).reshape(1500, 1500) % 251
        (tmp_path / f"{name}.png").write_bytes(
            cv2.imencode(".png", pixels.astype(np.uint8))[1].tobytes()
        )
    (tmp_path / "boxes.csv").write_text(block("", "image;patient_id;"), encoding="utf-8")

    found = by_name(read_folder(tmp_path, "auto", {}))

    counts = {name: (len(m.lesions), len(m.excluded)) for name, m in found.items()}
    assert counts == {"P01_L_CC.png": (2, 0), "P01_R_CC.png": (0, 0), "P02_L_MLO.png": (0, 1)}
    assert [found["P01_L_CC.png"].density, found["P02_L_MLO.png"].view] == [2, "MLO"]


def test_the_columns_file_holds_each_thing_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / CHOICES).write_text(block("toml", "table = "), encoding="utf-8")

    said = read_choices(tmp_path)

    assert said.model_fields_set == set(TableChoices.model_fields)
    assert said.kinds["Hautveränderung"] == "excluded"
