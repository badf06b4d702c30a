import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.readers.recognition import recognised
from node_api.data_sources import FolderFormat, PhantomSet
from tests.centre_node.mammography.readers.round_trip import unseen


def test_every_layout_has_a_row_with_a_reader_and_all_these_have_writers() -> None:
    assert set(LAYOUTS) == set(get_args(FolderFormat))
    for layout in LAYOUTS.values():
        assert callable(layout.reader())
        assert callable(layout.writer())


def test_a_layout_without_a_writer_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LAYOUTS, "mias", replace(LAYOUTS["mias"], writer_name=None))
    phantoms = PhantomSet(style="film", patients=1, seed=0, image_height_px=256)

    with pytest.raises(BadMammogramsError, match="cannot be written as mias; it is only read"):
        write_phantoms(phantoms, tmp_path / "set", layout="mias", on_progress=unseen)

    assert list(tmp_path.iterdir()) == []


def test_the_names_of_layouts_need_no_library_of_arrays_or_images() -> None:
    code = (
        "import sys; import node_api.data_sources; "
        "print([m for m in ('numpy', 'cv2', 'PIL', 'pydicom') if m in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert answer.stdout == b"[]\n"


def folder_with(folder: Path, *names: str, text: str = "") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ("mias", ("Info.TXT", "mdb001.PGM")),
        ("inbreast", ("INbreast.CSV", "AllDICOMs/x.dcm")),
        ("bcdr", ("BCDR-F01/bcdr_f01_img.CSV",)),
        ("optimam", ("data/demd1/imagedb_demd1.json", "images/demd1/x.dcm")),
    ],
)
def test_endings_count_in_any_case(tmp_path: Path, layout: str, names: tuple[str, ...]) -> None:
    assert recognised(folder_with(tmp_path, *names)) == layout


@pytest.mark.parametrize(
    ("names", "but"),
    [
        (("our/INbreast.csv", "our/AllDICOMs/x"), r"our/ below it looks like inbreast: name that"),
        (
            ("csv/mass_case_description_train_set.csv", "csv/dicom_info.csv", "jpeg/1/1-1.jpg"),
            r"nearly cbis-ddsm: csv/ and jpeg/ are Kaggle's copy of CBIS-DDSM.*use the DICOM files",
        ),
        (("manifest-1/CBIS-DDSM/Mass-1/x.dcm",), r"nearly cbis-ddsm: it has the images and lacks"),
        (("train/_annotations.coco.json",), r"nearly coco: .*rename it .*give .* patient_id"),
        (("annotations/instances_train.json",), r"nearly coco: instances_\*\.json is COCO's own"),
        (("INFO.txt", "MDB001.pgm"), r"nearly mias: Info\.txt and mdb\*\.pgm is there only with"),
        (("Info.txt",), r"nearly mias: it has Info\.txt and lacks mdb\*\.pgm"),
        (("INbreast.xls",), r"nearly inbreast: it has INbreast\.\* and lacks AllDICOMs"),
        (("data/1/imagedb_1.json",), r"nearly optimam: .* and lacks images"),
        (("Befunde.xlsx", "images/x.dcm"), r"Befunde\.xlsx is a workbook: save its sheet as \.csv"),
        ((".old/annotations.coco.json",), None),
        (tuple(f"P{n}/INbreast.csv" for n in range(4)), None),
        (("images/x.dcm", "._bcdr_f01_img.csv"), None),
    ],
)
def test_a_near_miss_says_what_is_nearly_right(
    tmp_path: Path, names: tuple[str, ...], but: str | None
) -> None:
    with pytest.raises(BadMammogramsError) as error:
        recognised(folder_with(tmp_path, *names))

    if but is None:
        assert "is no data set that is known: coco has" in str(error.value)
    else:
        assert error.match(rf"known, but {but}.*; known are: coco has .* table has")


def test_many_folders_below_are_counted_for_their_names_may_be_patients(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, *(f"Doe {n}/annotations.coco.json" for n in range(4)))

    with pytest.raises(BadMammogramsError, match="4 folders in it are data sets") as error:
        recognised(folder)

    assert "Doe" not in str(error.value)


def test_a_table_whose_columns_are_not_known_says_which_and_how_to_give_them(
    tmp_path: Path,
) -> None:
    folder_with(tmp_path, "list.csv", text="Datei;Patient;xmin;ymin;xmax;ymax\nx;Doe;1;2;3;4\n")
    folder_with(tmp_path, "other.csv", text="patient\n")

    with pytest.raises(
        BadMammogramsError,
        match=r"known, but list\.csv has no column that is known as image: name them in "
        r"genshare-columns\.toml .* image = 'Datei'",
    ) as error:
        recognised(tmp_path)

    assert "Doe" not in str(error.value)


def test_a_table_of_boxes_is_recognised_by_its_columns_and_others_come_first(
    tmp_path: Path,
) -> None:
    table = "file name,Patient ID,x_min,y_min,x_max,y_max\n"
    assert recognised(folder_with(tmp_path, "boxes.CSV", text=table)) == "table"

    folder_with(tmp_path, "annotations.coco.json", text="{}")
    assert recognised(tmp_path) == "coco"
