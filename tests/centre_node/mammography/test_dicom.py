import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRBigEndian

from centre_node.mammography.dicom import read_header, read_pixels
from tests.centre_node.mammography.dicom_files import HEIGHT, WIDTH, dicom, item, smooth, table


def read(path: Path) -> NDArray[np.uint8]:
    return read_pixels(path, WIDTH, HEIGHT)


def row(*values: int, dtype: str = "uint16") -> NDArray[Any]:
    return np.array([values], dtype=dtype)


def shown(path: Path, pixels: NDArray[Any], **elements: Any) -> list[int]:
    """The greys of an image of one row."""
    dicom(path, pixels, **elements)
    return [int(grey) for grey in read_pixels(path, pixels.shape[1], 1)[0]]


def near(*greys: int) -> Any:
    """These greys, where 127.5 may become 127 or 128."""
    return pytest.approx(list(greys), abs=1)


NO_WINDOW: dict[str, Any] = {"WindowCenter": None, "WindowWidth": None}


def test_a_header_says_what_is_known_before_the_pixels(tmp_path: Path) -> None:
    header = read_header(dicom(tmp_path / "a.dcm", Manufacturer="Acme "))

    assert (header.width, header.height) == (WIDTH, HEIGHT)
    assert header.pixel_spacing_mm == 0.07
    assert (header.laterality, header.view) == ("L", "MLO")
    assert (header.patient_id, header.manufacturer) == ("Jane Doe", "Acme")
    assert header.presentation_intent == "FOR PRESENTATION"
    assert (header.sop_instance_uid or "").startswith("2.25.")


def test_what_a_header_lacks_is_none(tmp_path: Path) -> None:
    lacking = [
        "ImagerPixelSpacing",
        "ImageLaterality",
        "ViewPosition",
        "ViewCodeSequence",
        "PatientID",
        "Manufacturer",
        "PresentationIntentType",
    ]

    header = read_header(dicom(tmp_path / "a.dcm", **dict.fromkeys(lacking)))

    assert header.pixel_spacing_mm is None
    assert (header.laterality, header.view) == (None, None)
    assert (header.patient_id, header.manufacturer) == (None, None)
    assert header.presentation_intent is None


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"ViewPosition": "CC"}, "CC"),
        ({"ViewPosition": "MLO "}, "MLO"),
        ({"ViewPosition": "ML"}, "ML"),
        ({"ViewPosition": "XCCL"}, "XCCL"),
        ({"ViewPosition": "", "ViewCodeSequence": [item(CodeMeaning="Cranio-Caudal")]}, "CC"),
        (
            {"ViewPosition": "", "ViewCodeSequence": [item(CodeMeaning="medio-lateral oblique")]},
            "MLO",
        ),
        ({"ViewPosition": "", "ViewCodeSequence": []}, None),
    ],
)
def test_the_view_is_named_alike_everywhere(
    tmp_path: Path, elements: dict[str, Any], expected: str | None
) -> None:
    assert read_header(dicom(tmp_path / "a.dcm", **elements)).view == expected


@pytest.mark.parametrize(
    ("image", "series", "expected"),
    [("R", "L", "R"), ("", "L", "L"), (None, "R ", "R"), ("B", None, None), ("", "", None)],
)
def test_laterality_is_the_images_else_the_series(
    tmp_path: Path, image: str | None, series: str | None, expected: str | None
) -> None:
    dicom(tmp_path / "a.dcm", ImageLaterality=image, Laterality=series or "")

    assert read_header(tmp_path / "a.dcm").laterality == expected


def test_the_whole_range_of_14_bit_becomes_8_bit(tmp_path: Path) -> None:
    assert shown(tmp_path / "a.dcm", row(0, 1024, 8192, 16383), **NO_WINDOW) == near(
        0, 16, 128, 255
    )


def test_signed_values_are_scaled_by_their_value(tmp_path: Path) -> None:
    pixels = row(-2000, 0, 2000, dtype="int16")

    assert shown(tmp_path / "a.dcm", pixels, **NO_WINDOW) == near(0, 128, 255)


def test_8_bit_is_read_too(tmp_path: Path) -> None:
    pixels = row(10, 60, 110, 110, dtype="uint8")

    assert shown(tmp_path / "a.dcm", pixels, BitsStored=8, **NO_WINDOW) == near(0, 128, 255, 255)


def test_a_window_cuts_what_lies_outside(tmp_path: Path) -> None:
    window = {"WindowCenter": 1500.5, "WindowWidth": 1001}

    assert shown(tmp_path / "a.dcm", row(0, 1000, 1500, 2000, 9000), **window) == near(
        0, 0, 128, 255, 255
    )


def test_the_first_of_several_windows_is_used(tmp_path: Path) -> None:
    windows = {"WindowCenter": [1500.5, 8192], "WindowWidth": [1001, 16384]}

    assert shown(tmp_path / "a.dcm", row(0, 1500, 9000), **windows) == near(0, 128, 255)


@pytest.mark.parametrize(
    "window",
    [
        {"WindowCenter": "", "WindowWidth": ""},
        {"WindowCenter": 1500, "WindowWidth": 0},
        {"WindowCenter": 1500, "WindowWidth": -5},
        {"WindowCenter": 1500, "WindowWidth": None},
        {"WindowCenter": 40000, "WindowWidth": 100},
        {"WindowCenter": -40000, "WindowWidth": 100},
        {"VOILUTFunction": "CUBIC"},
    ],
    ids=str,
)
def test_a_window_that_shows_nothing_is_ignored(tmp_path: Path, window: dict[str, Any]) -> None:
    assert shown(tmp_path / "a.dcm", row(0, 8192, 16383), **window) == near(0, 128, 255)


def test_a_rescaling_comes_before_the_window(tmp_path: Path) -> None:
    elements = {"RescaleSlope": 2, "RescaleIntercept": -1000, "WindowCenter": 0.5, "WindowWidth": 9}

    assert shown(tmp_path / "a.dcm", row(0, 498, 500, 502, 900), **elements) == near(
        0, 0, 128, 255, 255
    )


def test_a_voi_table_comes_before_a_window(tmp_path: Path) -> None:
    view = table(100, [0, 10000, 50000])

    greys = shown(tmp_path / "a.dcm", row(5, 100, 101, 102, 900), VOILUTSequence=[view])

    assert greys == near(0, 0, 51, 255, 255)


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    pixels = row(0, 16383, 100, 101, 102)
    path = dicom(tmp_path / "a.dcm", pixels, VOILUTSequence=[table(100, [0, 10000, 50000])])
    dataset = dcmread(path)
    dataset.PixelData = pixels.byteswap().tobytes()
    view = dataset.VOILUTSequence[0]
    view.LUTData = np.array([0, 10000, 50000], dtype=">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dcmwrite(path, dataset, little_endian=False, implicit_vr=False)

    assert [*read_pixels(path, 5, 1)[0]] == near(0, 255, 0, 51, 255)


def test_a_modality_table_of_8_bit_entries_is_read(tmp_path: Path) -> None:
    measured = table(0, [0, 50, 100, 200], bits=8)
    elements = {"ModalityLUTSequence": [measured], "RescaleSlope": None, "RescaleIntercept": None}

    assert shown(tmp_path / "a.dcm", row(0, 1, 2, 3), **elements, **NO_WINDOW) == near(
        0, 64, 128, 255
    )


@pytest.mark.parametrize(
    "emptied",
    [
        {"VOILUTFunction": ""},
        {"RescaleSlope": "", "RescaleIntercept": ""},
        {"RescaleSlope": ""},
        {"PixelPaddingValue": None, "PixelPaddingRangeLimit": ""},
        {"VOILUTSequence": []},
        {"VOILUTSequence": [item()]},
        {"VOILUTSequence": [item(LUTExplanation="")]},
        {"ModalityLUTSequence": [item()]},
        {"PresentationLUTShape": ""},
        {"VOILUTFunction": "", "RescaleSlope": "", "RescaleIntercept": "", "VOILUTSequence": []},
    ],
    ids=str,
)
def test_attributes_that_were_emptied_count_as_absent(
    tmp_path: Path, emptied: dict[str, Any]
) -> None:
    pixels = row(0, 1000, 1500, 2000, 9000)
    window = {"WindowCenter": 1500.5, "WindowWidth": 1001}

    absent = shown(tmp_path / "a.dcm", pixels, **window, **dict.fromkeys(emptied))

    assert absent == near(0, 0, 128, 255, 255)
    assert shown(tmp_path / "b.dcm", pixels, **window, **emptied) == absent


def test_an_emptied_intercept_is_0_and_leaves_the_slope(tmp_path: Path) -> None:
    elements = {"RescaleSlope": 2, "RescaleIntercept": "", "WindowCenter": 100.5, "WindowWidth": 9}

    greys = shown(tmp_path / "a.dcm", row(0, 48, 50, 52, 90), **elements)

    assert greys == near(0, 0, 128, 255, 255)


@pytest.mark.parametrize("function", ["linear", "LINEAR_EXACT", ["LINEAR_EXACT", "SIGMOID"]])
@pytest.mark.filterwarnings("ignore")  # pydicom's own
def test_a_function_in_small_letters_or_several_is_read(tmp_path: Path, function: Any) -> None:
    window = {"WindowCenter": 1500, "WindowWidth": 1000, "VOILUTFunction": function}

    assert shown(tmp_path / "a.dcm", row(0, 1000, 1500, 2000, 9000), **window) == near(
        0, 0, 128, 255, 255
    )


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("vr", ["OW", "US"])
@pytest.mark.parametrize("packed", ["bytes", "words"])
@pytest.mark.parametrize("count", [4, 5])
def test_8_bit_entries_may_lie_in_bytes_or_in_words(
    tmp_path: Path, sequence: str, vr: str, packed: str, count: int
) -> None:
    entries = [0, 50, 100, 200, 200][:count]
    expected = [0, 64, 128, 255, 255][:count]
    data = np.array(entries, dtype="<u2" if packed == "words" else "u1").tobytes()
    view = item(LUTDescriptor=[count, 0, 8])
    data += bytes(len(data) % 2)
    view.add_new("LUTData", vr, data if vr == "OW" else np.frombuffer(data, "<u2").tolist())
    elements = {sequence: [view], "RescaleSlope": None, "RescaleIntercept": None}

    greys = shown(tmp_path / "a.dcm", row(*range(count)), **elements, **NO_WINDOW)

    assert greys == near(*expected)


@pytest.mark.parametrize(
    ("photometric", "shape", "expected"),
    [
        ("MONOCHROME2", "IDENTITY", [0, 128, 255]),
        ("MONOCHROME1", "INVERSE", [255, 128, 0]),
        ("MONOCHROME1", None, [255, 128, 0]),
        ("MONOCHROME1", "IDENTITY", [255, 128, 0]),
        ("MONOCHROME2", "INVERSE", [255, 128, 0]),
    ],
)
def test_inverse_images_are_inverted_once(
    tmp_path: Path, photometric: str, shape: str | None, expected: list[int]
) -> None:
    elements = {"PhotometricInterpretation": photometric, "PresentationLUTShape": shape}
    greys = shown(tmp_path / "a.dcm", row(0, 8191, 16383), **elements)

    assert greys == near(*expected)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("padding", [0, 16383])
def test_padding_is_black_and_does_not_count(
    tmp_path: Path, photometric: str, padding: int
) -> None:
    pixels = row(padding, 8000, 8100, 8200, padding)
    elements = {"PixelPaddingValue": padding, "PhotometricInterpretation": photometric}

    greys = shown(tmp_path / "a.dcm", pixels, **elements, **NO_WINDOW)

    ramp = [0, 128, 255] if photometric == "MONOCHROME2" else [255, 128, 0]
    assert greys == near(0, *ramp, 0)


def test_padding_can_be_a_range_and_negative(tmp_path: Path) -> None:
    pixels = row(-2000, -1990, -1980, 0, 100, dtype="int16")
    elements = {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1980}

    assert shown(tmp_path / "a.dcm", pixels, **elements, **NO_WINDOW) == near(0, 0, 0, 0, 255)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@example(window=(-7, 2), function="SIGMOID", rescaling=None, entries=None, signed=False)
@example(
    window=(-920, 29999), function="LINEAR_EXACT", rescaling=(1, 1), entries=None, signed=False
)
@given(
    window=st.none() | st.tuples(st.integers(-9000, 20000), st.integers(2, 30000)),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    rescaling=st.none() | st.tuples(st.sampled_from([1, 0.5, -2, 3.25]), st.integers(-5000, 5000)),
    entries=st.none() | st.lists(st.integers(0, 4095), min_size=2, max_size=50, unique=True),
    signed=st.booleans(),
)
@pytest.mark.filterwarnings("ignore")  # pydicom's own
def test_greys_are_those_of_pydicom(
    tmp_path_factory: pytest.TempPathFactory,
    window: tuple[int, int] | None,
    function: str,
    rescaling: tuple[float, int] | None,
    entries: list[int] | None,
    signed: bool,
) -> None:
    path = tmp_path_factory.mktemp("dicom") / "a.dcm"
    pixels = smooth().astype("int16") - 8192 if signed else smooth()
    centre, width = window or (None, None)
    slope, intercept = rescaling or (1, 0)
    elements: dict[str, Any] = {
        "WindowCenter": centre,
        "WindowWidth": width,
        "VOILUTFunction": function,
    }
    if entries:
        elements["VOILUTSequence"] = [table(100, entries, bits=12)]
        slope = 1  # pydicom cuts the decimals off, which is another table
    dicom(path, pixels, **elements, RescaleSlope=slope, RescaleIntercept=intercept)
    dataset = dcmread(path)

    measured = apply_modality_lut(dataset.pixel_array, dataset)
    expected = apply_voi_lut(measured, dataset).astype(np.float64)

    if expected.min() == expected.max():
        expected = measured
    scaled = cv2.normalize(expected, np.empty_like(expected), 0, 255, cv2.NORM_MINMAX)
    assert abs(read(path) - scaled).max() <= 0.5 + 1e-6


def test_the_unused_bits_of_a_value_are_ignored(tmp_path: Path) -> None:
    pixels = row(0, 100 | 0xC000, 200)

    assert shown(tmp_path / "a.dcm", pixels & 0x3FFF, **NO_WINDOW) == near(0, 128, 255)
    dicom(tmp_path / "b.dcm", pixels & 0x3FFF, **NO_WINDOW)
    dataset = dcmread(tmp_path / "b.dcm")
    dataset.PixelData = pixels.tobytes()
    dataset.save_as(tmp_path / "b.dcm")
    assert [*read_pixels(tmp_path / "b.dcm", 3, 1)[0]] == near(0, 128, 255)


def test_threads_read_what_one_reads(tmp_path: Path) -> None:
    paths = [
        dicom(tmp_path / f"{centre}.dcm", WindowCenter=centre, WindowWidth=4000)
        for centre in range(1000, 15000, 1000)
    ]
    alone = [read(path) for path in paths]

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(read, paths * 4))

    assert all((one == other).all() for one, other in zip(alone * 4, together, strict=True))


def test_reading_headers_loads_no_opencv() -> None:
    code = "import sys, centre_node.mammography.dicom; sys.exit('cv2' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
