from pathlib import Path

import pytest

from centre_node.mammography.datasets import data_folders, read_dataset, read_folder
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.readers.recognition import recognised
from centre_node.mammography.summaries import summary
from node_api.data_sources import FolderFormat, MammogramFolder, PhantomSet
from node_api.summaries import DatasetSummary, LesionSummary
from tests.centre_node.mammography.coco_folder import annotation, document, write_coco_folder


def test_a_coco_folder_is_found_in_the_mammograms_folder(tmp_path: Path) -> None:
    write_coco_folder(tmp_path / "ours", document(2))

    assert (
        read_dataset(MammogramFolder(folder="ours"), data_folders(tmp_path, tmp_path)).name
        == "ours"
    )


@pytest.mark.parametrize("folder", ["../ours", "/etc", "a/../../ours"])
def test_a_folder_outside_the_mammograms_folder_is_refused(tmp_path: Path, folder: str) -> None:
    write_coco_folder(tmp_path / "ours", document(2))
    (tmp_path / "theirs").mkdir()

    with pytest.raises(BadMammogramsError, match="outside the mammograms folder"):
        read_dataset(MammogramFolder(folder=folder), data_folders(tmp_path, tmp_path / "theirs"))


def test_a_loop_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    with pytest.raises(BadMammogramsError, match="'loop' leads nowhere"):
        read_dataset(MammogramFolder(folder="loop"), data_folders(tmp_path, tmp_path))


def test_a_node_without_mammograms_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match="no mammograms folder"):
        read_dataset(MammogramFolder(), data_folders(tmp_path, None))


def test_phantoms_need_no_folder(tmp_path: Path) -> None:
    phantoms = PhantomSet(style="film", patients=3, seed=0)

    reading = read_dataset(phantoms, data_folders(tmp_path, None))

    assert len({mammogram.patient_id for mammogram in reading.mammograms}) == 3


def test_a_summary_counts_what_was_read(tmp_path: Path) -> None:
    content = document(4)
    content["images"][1]["breast_density"] = None
    content["annotations"] = [
        annotation(1, 0, pathology="benign"),
        annotation(2, 0, category_id=2, bbox=[0, 0, 10, 10]),
        annotation(3, 1, iscrowd=1),
    ]

    folder = write_coco_folder(tmp_path / "ours", content)
    counted = summary(read_folder(folder, "auto", {}))

    assert (counted.images, counted.patients, counted.lesions) == (4, 2, 2)
    assert counted.densities == {"1": 1, "3": 1, "4": 1, "unknown": 1}
    assert counted.views == {"CC": 2, "MLO": 2}
    assert counted.kinds == {"calcification": 1, "mass": 1}
    assert counted.pathologies == {"benign": 1, "unknown": 1}
    assert counted.sizes["mass"] == LesionSummary(count=1, side_px=(30, 30, 30), side_mm=None)
    assert counted.sizes["calcification"].side_px == (10, 10, 10)
    assert (counted.excluded_regions, counted.images_without_annotation) == (1, 2)
    assert counted.skipped == {}


@pytest.mark.slow
def test_a_summary_says_what_a_table_was_taken_for_and_of_other_layouts_as_little_as_before(
    tmp_path: Path,
) -> None:
    drawn = PhantomSet(style="digital", patients=2, seed=0, image_height_px=256)
    written = {}
    layouts: tuple[FolderFormat, ...] = ("table", "coco")
    for layout in layouts:
        write_phantoms(
            drawn, tmp_path / layout, layout=layout, on_progress=lambda _done, _all: None
        )
        counted = summary(read_folder(tmp_path / layout, "auto", {}))
        written[layout] = counted.model_dump_json()
        assert DatasetSummary.model_validate_json(written[layout]) == counted

    assert "column image_id is the image" in written["table"]
    assert "notes" not in written["coco"]


def test_sizes_are_in_millimetres_where_the_spacing_is_known(tmp_path: Path) -> None:
    content = document(6)
    for record in content["images"]:
        record["pixel_spacing_mm"] = 0.1
    content["annotations"] = [
        annotation(n, 0, bbox=[0, 0, side, 1]) for n, side in enumerate((10, 20, 30, 40, 50))
    ]

    counted = summary(read_folder(write_coco_folder(tmp_path, content), "coco", {}))

    assert counted.sizes["mass"].side_px == (20, 30, 40)
    assert counted.sizes["mass"].side_mm == pytest.approx((2, 3, 4))
    assert counted.pixel_spacings_mm == {"0.1": 6}


def test_an_unknown_folder_says_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match=r"no data set that is known: coco has .*mias has"):
        read_folder(tmp_path, "auto", {})


@pytest.mark.parametrize("layout", [name for name, row in LAYOUTS.items() if row.writer_name])
def test_every_layout_is_recognised_and_read(tmp_path: Path, layout: FolderFormat) -> None:
    phantoms = PhantomSet(
        style="digital", patients=2, seed=0, image_height_px=256, healthy_share=0.5
    )
    write_phantoms(
        phantoms, tmp_path / "data", layout=layout, on_progress=lambda _done, _total: None
    )

    assert recognised(tmp_path / "data") == layout
    assert len(read_folder(tmp_path / "data", "auto", {}).mammograms) > 0


def test_written_phantoms_are_read_through_their_layout_once_they_are_there(
    tmp_path: Path,
) -> None:
    phantoms = PhantomSet(style="film", patients=2, seed=0, image_height_px=256, written_as="bcdr")
    folders = data_folders(tmp_path, None)
    with pytest.raises(BadMammogramsError, match="start a write_phantoms job first"):
        read_dataset(phantoms, folders)

    write_phantoms(
        phantoms,
        folders.of_phantoms(phantoms),
        layout="bcdr",
        on_progress=lambda _done, _total: None,
    )

    reading = read_dataset(phantoms, folders)
    assert {m.labels["set"] for m in reading.mammograms} == {"D01", "DN01"}
    assert reading.name == "film phantoms"  # it stands on cards; a digest may look like a record


@pytest.mark.slow
def test_folders_of_one_name_are_two_data_sets_and_a_link_is_what_it_leads_to(
    tmp_path: Path,
) -> None:
    drawn = PhantomSet(style="digital", patients=2, seed=0, image_height_px=256)
    for name in ("one", "two"):
        write_phantoms(
            drawn, tmp_path / name / "images", layout="coco", on_progress=lambda _done, _all: None
        )
    (tmp_path / "link").symlink_to(tmp_path / "one" / "images")

    one, two, link = (
        read_folder(tmp_path / place, "coco", {}) for place in ("one/images", "two/images", "link")
    )

    assert one.name == two.name
    assert one.place != two.place
    assert one.place == link.place
