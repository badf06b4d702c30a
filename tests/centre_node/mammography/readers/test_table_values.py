import pytest

from centre_node.mammography.readers.table_values import (
    Kind,
    birads_grade,
    boxes_in,
    density,
    lesion_kind,
    number,
    outcome,
    says_no_finding,
    side,
    spacing_mm,
    view,
)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12),
        ("12.5", 12.5),
        ("12,5", 12.5),
        (" -3 ", -3),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1 234", 1234),
        ("", None),
        ("inf", None),
        ("12px", None),
    ],
)
def test_numbers(cell: str, value: float | None) -> None:
    assert number(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("L", "L"), ("left", "L"), ("RIGHT", "R"), ("Right Breast", "R"), ("B", None), ("lump", None)],
)
def test_sides(cell: str, value: str | None) -> None:
    assert side(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("cc", "CC"),
        ("L-CC", "CC"),
        ("MLO_R", "MLO"),
        ("RMLO", "MLO"),
        ("LM", "LM"),
        ("medio-lateral oblique", "MLO"),
        ("cranio-caudal", "CC"),
        ("tomo", None),
        ("", None),
    ],
)
def test_views(cell: str, value: str | None) -> None:
    assert view(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("DENSITY A", 1),
        ("b", 2),
        ("3.0", 3),
        ("4,0", 4),
        ("ACR III", 3),
        ("2 - scattered", 2),
        ("BI-RADS D", 4),
        ("5", None),
        ("0", None),
        ("dense", None),
        ("", None),
    ],
)
def test_densities(cell: str, value: int | None) -> None:
    assert density(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.07", 0.07),
        ("0,07", 0.07),
        ("[0.07, 0.07]", 0.07),
        ("0.07,0.07", 0.07),
        ("0,07\\0,07", 0.07),
        ("70", None),
        ("0", None),
        ("0.07, 0.14", None),
        ("about 0.07", None),
        ("", None),
    ],
)
def test_spacings(cell: str, value: float | None) -> None:
    assert spacing_mm(cell) == value


@pytest.mark.parametrize(
    ("cell", "value", "is_known"),
    [
        ("Mass", "mass", True),
        ("spiculated masses", "mass", True),
        ("nodule", "mass", True),
        ("Tumour", "mass", True),
        ("Suspicious Calcification", "calcification", True),
        ("microcalcs", "calcification", True),
        ("['Suspicious Calcification', 'Mass']", "mass", True),
        ("calc / asymmetry", "calcification", True),
        ("Architectural Distortion", "other", True),
        ("excluded", "excluded", True),
        ("Herd", "mass", True),
        ("no mass", "other", False),
        ("non-mass enhancement", "other", False),
        ("massive", "other", False),
        ("Mass; thing", "mass", False),
        ("thing", "other", False),
        ("", "other", False),
    ],
)
def test_kinds(cell: str, value: Kind, is_known: bool) -> None:
    assert lesion_kind(cell, {"HERD": "mass"}) == (value, is_known)


@pytest.mark.parametrize(
    ("cell", "own", "value"),
    [
        ("No Finding", (), True),
        ("['No Finding']", (), True),
        ("NORMAL", (), True),
        ("no finding, mass", (), False),
        ("benign", (), False),
        ("", (), False),
        ("", ("",), True),
        ("o.B.", ("o. B.",), True),
        ("None", ("none",), True),
    ],
)
def test_words_for_no_finding(cell: str, own: tuple[str, ...], value: bool) -> None:
    assert says_no_finding(cell, own) is value


def test_assessments_and_outcomes() -> None:
    assert [birads_grade(cell) for cell in ("BI-RADS 4", "4A", "5", "", "n/a")] == [
        "4",
        "4a",
        "5",
        None,
        None,
    ]
    assert [
        outcome(cell) for cell in ("BENIGN_WITHOUT_CALLBACK", "Malignant", "no malignancy")
    ] == [
        "benign",
        "malignant",
        None,
    ]


@pytest.mark.parametrize(
    ("cell", "boxes"),
    [
        ("[[1, 2, 3, 4]]", [(2, 1, 4, 3)]),
        ("((1, 2, 3, 4), (5, 6, 7, 8))", [(2, 1, 4, 3), (6, 5, 8, 7)]),
        ("()", []),
        ("", []),
        ("[[1, 2, 3]]", None),
        ("[1, 2, 3, 4]", None),
        ("open('x')", None),
    ],
)
def test_lists_of_boxes(cell: str, boxes: list[tuple[float, ...]] | None) -> None:
    assert boxes_in(cell) == boxes
