"""What a column of a table of boxes can say, and the names that such columns go by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

_Alone = Literal[
    "image",
    "patient",
    "study",
    "laterality",
    "view",
    "density",
    "kind",
    "pathology",
    "breast_birads",
    "birads",
    "spacing",
    "boxes",
]
_Corner = Literal["xmin", "ymin", "xmax", "ymax"]
_CornerAndSize = Literal["x", "y", "width", "height"]
_OfImage = Literal["image_width", "image_height"]
Field = Literal[_Alone, _Corner, _CornerAndSize, _OfImage]

ALONE: tuple[Field, ...] = get_args(_Alone)
CORNERS: tuple[Field, ...] = get_args(_Corner)
CORNER_AND_SIZE: tuple[Field, ...] = get_args(_CornerAndSize)
OF_IMAGE: tuple[Field, ...] = get_args(_OfImage)

MEANINGS: dict[Field, str] = {
    "image": "the image",
    "patient": "the patient",
    "study": "the study",
    "laterality": "the side",
    "view": "the view",
    "density": "the breast density",
    "kind": "the kind of lesion",
    "pathology": "the pathology",
    "birads": "the lesion's BI-RADS",
    "breast_birads": "the breast's BI-RADS",
    "spacing": "the pixel spacing in mm",
    "xmin": "the box's left edge",
    "ymin": "the box's top edge",
    "xmax": "the box's right edge",
    "ymax": "the box's bottom edge",
    "x": "the box's left edge",
    "y": "the box's top edge",
    "width": "the box's width",
    "height": "the box's height",
    "boxes": "the boxes, each top, left, bottom, right",
    "image_width": "the image's width",
    "image_height": "the image's height",
}

_SYNONYMS: dict[Field, str] = {
    "image": "imagefile imagefilename filename file imagepath filepath dicomfile dicompath "
    "dicomfilename imageid imagename image sopinstanceuid sopuid instanceuid imageuid imguid path "
    "imgpath imgfile imgname imgid img dicomid dicom",
    "patient": "patientid patient patientnumber patientno patientkey anonpatientid subjectid "
    "subject clientid client personid womanid caseid case pid",
    "study": "studyid study examid exam studyinstanceuid studyuid accession accessionnumber",
    "laterality": "laterality imagelaterality side breastside lateralityfinal breast leftorright",
    "view": "viewposition view imageview projection viewname",
    "density": "breastdensity density acrdensity biradsdensity densitybirads acr tissuedensity "
    "breastcomposition densitycategory",
    "kind": "lesionkind kind lesiontype findingcategories findingcategory findingtype "
    "abnormalitytype abnormality lesionclass lesion finding findings category categoryname class "
    "classname label labelname type annotation",
    "pathology": "pathology pathologyresult histology histopathology malignancy diagnosis "
    "severity outcome benignmalignant classification",
    "birads": "findingbirads lesionbirads birads biradsassessment biradscategory biradsscore "
    "assessment",
    "breast_birads": "breastbirads imagebirads",
    "spacing": "pixelspacingmm pixelspacing spacingmm spacing imagerpixelspacing pixelsizemm "
    "pixelsize mmperpixel",
    "xmin": "xmin x1 x0 left xstart boxxmin bboxxmin bbxmin bboxx1 xminpx leftpx minx",
    "ymin": "ymin y1 y0 top ystart boxymin bboxymin bbymin bboxy1 yminpx toppx miny",
    "xmax": "xmax x2 right xend boxxmax bboxxmax bbxmax bboxx2 xmaxpx rightpx maxx",
    "ymax": "ymax y2 bottom yend boxymax bboxymax bbymax bboxy2 ymaxpx bottompx maxy",
    "x": "x boxx bboxx left xmin x1 x0 xpx bboxleft",
    "y": "y boxy bboxy top ymin y1 y0 ypx bboxtop",
    "width": "w boxwidth bboxwidth bboxw boxw width lesionwidth roiwidth widthpx",
    "height": "h boxheight bboxheight bboxh boxh height lesionheight roiheight heightpx",
    "boxes": "roicoords",
    "image_width": "imagewidth imgwidth columns cols width",
    "image_height": "imageheight imgheight rows height",
}
SYNONYMS: dict[Field, tuple[str, ...]] = {
    field: tuple(words.split()) for field, words in _SYNONYMS.items()
}


@dataclass(frozen=True, slots=True)
class KnownTable:
    """A table that is recognised by its name.

    Attributes:
        columns: Where its own names mislead or tell nothing; the others are guessed.
    """

    title: str
    places: tuple[str, ...]
    columns: Mapping[Field, str]
    labels: tuple[str, ...] = ()


KNOWN_TABLES = (
    KnownTable(
        "VinDr-Mammo",
        ("finding_annotations.csv",),
        {"patient": "study_id"},  # its patients have no other name
        ("split", "breast_birads"),
    ),
    KnownTable(
        "EMBED",
        (
            "EMBED_OpenData_metadata.csv",
            "tables/EMBED_OpenData_metadata.csv",
            "EMBED_OpenData_metadata_reduced.csv",
            "tables/EMBED_OpenData_metadata_reduced.csv",
        ),
        {
            "image": "anon_dicom_path",
            "patient": "empi_anon",
            "study": "acc_anon",
            "laterality": "ImageLateralityFinal",
        },
        ("FinalImageType", "spot_mag"),
    ),
)


def plain(name: str) -> str:
    """Return a column's name without capitals, blanks and signs."""
    return re.sub(r"[\W_]", "", name.casefold())
