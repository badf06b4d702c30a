from pathlib import Path

import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Lesion
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.dicom_file import deepened, uid, write_dicom
from centre_node.mammography.phantoms.writers.table import write_table as write_phantom_table
from centre_node.mammography.readers.data_folder import MISSING
from node_api.data_sources import PhantomSet
from tests.centre_node.mammography.dicom_files import facts, smooth
from tests.centre_node.mammography.readers.round_trip import contents, grouping, unseen
from tests.centre_node.mammography.readers.table_files import (
    BOX,
    MASS,
    by_name,
    is_excluded,
    reasons,
    write_images,
    write_table,
)

VINDR = (
    "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,"
    "breast_density,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split"
)
VINDR_ROWS = (
    "s1,r,i1,R,CC,80,60,BI-RADS 4,DENSITY C,\"['Mass', 'Skin Retraction']\",BI-RADS 4,"
    "10.5,20.25,30.5,50,training",
    "s1,r,i1,R,CC,80,60,BI-RADS 4,DENSITY C,['Suspicious Calcification'],BI-RADS 4,"
    "5,5,9,9,training",
    "s1,r,i2,L,MLO,80,60,BI-RADS 1,DENSITY C,['No Finding'],,,,,,training",
    "s2,r,i3,L,CC,80,60,BI-RADS 2,DENSITY A,['No Finding'],,,,,,test",
)


def vindr(folder: Path) -> Path:
    for number, study in enumerate(("s1", "s1", "s2"), start=1):
        (folder / "images" / study).mkdir(parents=True, exist_ok=True)
        path = folder / "images" / study / f"i{number}.dicom"
        # Its headers name no patient and no side.
        about = facts(patient_id="", laterality=None, view=None, sop_uid=uid(str(number)))
        write_dicom(path, smooth(), about)
    (folder / "finding_annotations.csv").write_text("\n".join((VINDR, *VINDR_ROWS)))
    (folder / "breast-level_annotations.csv").write_text("study_id,image_id,split\ns1,i1,training")
    return folder


def test_vindr_mammo_is_read_as_it_is_published(tmp_path: Path) -> None:
    reading = read_folder(vindr(tmp_path), "auto", {})

    ill, well, benign = reading.mammograms
    assert ill.lesions == (
        Lesion(Box(10, 20, 31, 50), "mass", birads="4"),
        Lesion(Box(5, 5, 9, 9), "calcification", birads="4"),
    )
    assert (ill.patient_id, ill.laterality, ill.view, ill.density) == ("s1", "R", "CC", 3)
    assert ill.pixel_spacing_mm == 0.07
    assert (well.patient_id, well.lesions, well.excluded) == ("s1", (), ())
    assert ill.load().shape == (80, 60)
    assert is_excluded(benign)
    assert reasons(reading) == {"it says that there is no finding, but its BI-RADS is not 1": 1}


def test_vindr_mammo_is_filtered_and_says_what_it_was_taken_for(tmp_path: Path) -> None:
    reading = read_folder(vindr(tmp_path), "auto", {"split": "test"})

    assert [m.patient_id for m in reading.mammograms] == ["s2"]
    assert reading.notes[0] == "table finding_annotations.csv, known as VinDr-Mammo's"
    assert "column study_id is the patient" in reading.notes
    assert reading.notes[-2:] == ("to filter by: split, breast_birads", "not used: series_id")


def test_a_hospitals_export_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    write_images(tmp_path, "Bilder/A_L_CC.png", "Bilder/A_R_CC.png", deep=True)
    (tmp_path / "Befunde.csv").write_text(
        "\ufeffDateiname ;Patient ID; Side;ACR;Lesion Type;X;Y;Width;Height;Pixel Spacing\r\n"
        'Bilder\\a_l_cc;A;links;ACR B;Mass;"10,5";20,25;20,0;29,75;"0,085"\r\n'
        "C:\\Export\\A_R_CC.PNG;A;Right;2,0;Normal;;;;;\r\n",
        encoding="utf-8",
    )
    (tmp_path / "genshare-columns.toml").write_text("[columns]\nimage = 'dateiname'\n")

    reading = read_folder(tmp_path, "auto", {})

    found = by_name(reading)
    ill, well = found["Bilder/A_L_CC.png"], found["Bilder/A_R_CC.png"]
    assert ill.lesions == (Lesion(Box(10, 20, 31, 50), "mass"),)
    assert (ill.density, ill.pixel_spacing_mm, well.density) == (2, 0.085, 2)
    assert (ill.laterality, well.laterality) == (None, "R")
    assert (well.lesions, well.excluded) == ((), ())
    assert (ill.load().min(), ill.load().max()) == (0, 255)
    assert reasons(reading) == {"the side is none that is known; it is read as unknown": 1}


def test_embeds_table_of_images_has_several_boxes_in_a_cell(tmp_path: Path) -> None:
    place = "cohort_1/10/20"
    for name in ("1.2.3", "1.2.4"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        write_dicom(tmp_path / place / f"{name}.dcm", smooth(), facts(laterality="R"))
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/EMBED_OpenData_metadata.csv").write_text(
        "empi_anon,acc_anon,anon_dicom_path,ImageLateralityFinal,ViewPosition,num_roi,ROI_coords\n"
        f'10,20,/mnt/{place}/1.2.3.dcm,R,CC,2,"[[20, 10, 50, 30], [1, 2, 5, 9]]"\n'
        f"10,20,/mnt/{place}/1.2.4.dcm,R,MLO,0,[]\n"
    )

    ill, unmarked = read_folder(tmp_path, "auto", {}).mammograms

    assert [lesion.box for lesion in ill.lesions] == [Box(10, 20, 30, 50), Box(2, 1, 9, 5)]
    assert {lesion.kind for lesion in ill.lesions} == {"other"}
    assert is_excluded(unmarked)


@pytest.mark.slow
def test_written_phantoms_are_read_back_but_for_their_outlines(tmp_path: Path) -> None:
    drawn = PhantomSet(style="soft", patients=6, seed=3, image_height_px=256, healthy_share=0.3)
    phantoms = read_phantoms(drawn).mammograms
    write_phantom_table(phantoms, tmp_path, on_progress=unseen)

    reading = read_folder(tmp_path, "auto", {})

    assert reading.skipped == ()
    assert grouping(reading.mammograms) == grouping(phantoms)
    for phantom, read in zip(phantoms, reading.mammograms, strict=True):
        assert [(one.box, one.kind, one.pathology) for one in read.lesions] == [
            (one.box, one.kind, one.pathology) for one in phantom.lesions
        ]
        assert (read.laterality, read.view, read.density, read.excluded) == (
            phantom.laterality,
            phantom.view,
            phantom.density,
            (),
        )
        assert read.pixel_spacing_mm == phantom.pixel_spacing_mm
        np.testing.assert_array_equal(read.load(), phantom.load())


def test_the_same_phantoms_give_the_same_bytes(tmp_path: Path) -> None:
    drawn = PhantomSet(style="soft", patients=2, seed=3, image_height_px=256)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_phantom_table(read_phantoms(drawn).mammograms, tmp_path / name, on_progress=unseen)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_dicom_files_are_found_by_their_uid_and_fill_what_the_table_lacks(tmp_path: Path) -> None:
    pixels = deepened(np.arange(4800, dtype=np.uint8).reshape(80, 60), 14, seed=0)
    write_dicom(tmp_path / "IM0001", pixels, facts(sop_uid="1.2.840.77", laterality="L"))
    row = {**MASS, **BOX, "image_id": "1.2.840.77", "laterality": "R"}

    reading = read_folder(write_table(tmp_path, row), "auto", {})

    (mammogram,) = reading.mammograms
    assert (mammogram.image_id, mammogram.view, mammogram.laterality) == ("IM0001", "MLO", "R")
    assert mammogram.pixel_spacing_mm == 0.07
    assert reasons(reading) == {
        "its row and its DICOM header disagree on the side; the row is believed": 1
    }


def test_an_image_without_a_row_is_left_out_and_counted(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png", "b.png")

    reading = read_folder(write_table(tmp_path, {**MASS, **BOX}), "auto", {})

    assert [m.image_id for m in reading.mammograms] == ["a.png"]
    assert [s.reason for s in reading.skipped] == ["no row of the table names it"]


def healthy_others(folder: Path, *rows: dict[str, str]) -> Path:
    write_images(folder, "p1/a.png", "p1/b.png", "p2/c.png")
    (folder / "genshare-columns.toml").write_text(
        "images_without_row = 'healthy'\npatient_from = 'folder'\n"
    )
    return write_table(folder, {**MASS, **BOX}, *rows)


def test_images_without_a_row_are_healthy_where_the_centre_says_so(tmp_path: Path) -> None:
    found = by_name(read_folder(healthy_others(tmp_path), "auto", {}))

    assert {name: m.patient_id for name, m in found.items()} == {
        "p1/a.png": "p1",
        "p1/b.png": "p1",
        "p2/c.png": "p2",
    }
    assert [len(m.lesions) for m in found.values()] == [1, 0, 0]
    assert all(m.excluded == () for m in found.values())


def test_an_image_without_a_row_is_excluded_where_a_row_of_its_patient_is_lost(
    tmp_path: Path,
) -> None:
    lost = {**MASS, **BOX, "image_id": "p1/b_.png"}

    reading = read_folder(healthy_others(tmp_path, lost), "auto", {})

    found = by_name(reading)
    assert [is_excluded(m) for m in found.values()] == [False, True, False]
    assert reasons(reading)[MISSING] == 1


def test_a_rule_that_names_other_patients_than_the_table_is_refused(tmp_path: Path) -> None:
    folder = healthy_others(tmp_path, {**MASS, **BOX, "image_id": "c", "patient_id": "Doe"})

    with pytest.raises(BadMammogramsError, match=r"another patient .* for 1 of 2 images") as error:
        read_folder(folder, "auto", {})

    assert "Doe" not in str(error.value)


def test_a_table_none_of_whose_images_is_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match=rf"findings.csv names \(1 rows\).*{MISSING}"):
        read_folder(write_table(tmp_path, {**MASS, **BOX}), "auto", {})


def test_rows_of_different_patients_or_none_leave_their_image_out(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png", "b.png", "c.png")
    rows = [
        {**MASS, **BOX},
        {**MASS, **BOX, "patient_id": "p2"},
        {**MASS, **BOX, "image_id": "b", "patient_id": "nan"},
        {**MASS, **BOX, "image_id": "c", "patient_id": ""},
        {**MASS, **BOX, "image_id": "c"},
    ]

    reading = read_folder(write_table(tmp_path, *rows), "auto", {})

    assert [(m.image_id, m.patient_id) for m in reading.mammograms] == [("c.png", "p1")]
    assert reasons(reading) == {
        "its rows name different patients": 1,
        "it has no patient": 1,
    }


def test_a_file_that_is_no_image_costs_itself(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png")
    (tmp_path / "b.dcm").write_bytes(b"no image")
    rows = [{**MASS, **BOX}, {**MASS, **BOX, "image_id": "b"}]

    reading = read_folder(write_table(tmp_path, *rows), "auto", {})

    assert [m.image_id for m in reading.mammograms] == ["a.png"]
    assert reasons(reading) == {"it is no DICOM file": 1}


def test_images_whose_names_differ_in_their_ending_only_are_two(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png", "a.PNG", "b.PNG")
    rows = [{**MASS, **BOX, "image_id": name} for name in ("a.png", "a.PNG", "b.png")]

    reading = read_folder(write_table(tmp_path, *rows), "auto", {})

    assert [m.image_id for m in reading.mammograms] == ["a.png", "a.PNG", "b.png"]
    assert len({m.fingerprint for m in reading.mammograms}) == 3


def test_labels_that_the_centre_names_filter_images(tmp_path: Path) -> None:
    write_images(tmp_path, "a.png", "b.png")
    (tmp_path / "genshare-columns.toml").write_text("labels = ['Scanner']\n")
    rows = [{**MASS, **BOX, "Scanner": "old"}, {**MASS, **BOX, "image_id": "b", "Scanner": "new"}]

    reading = read_folder(write_table(tmp_path, *rows), "auto", {"Scanner": "new"})

    assert [m.image_id for m in reading.mammograms] == ["b.png"]
