"""Writes what the screening service's record of an OPTIMAM client says of outcomes."""

from collections.abc import Mapping, Sequence
from typing import Any

from centre_node.mammography.mammograms import Lesion, Mammogram

EPISODE, DATE = "1", "2022-01-01"

_CODES = {"malignant": "B5", "benign": "B2"}
_DESCRIPTIONS = {"mass": "Mass", "calcification": "Calcification only", "other": "Asymmetry"}
_OPINIONS = {"L": "left_opinion", "R": "right_opinion"}

Numbers = Mapping[tuple[str, int], int]
"""Number, from 1, of a lesion in the record, by image id and its place among the image's."""


def numbered(patient: Sequence[Mammogram]) -> Numbers:
    """Number a patient's lesions; alike at the same place in views of one breast are one."""
    numbers: dict[tuple[object, ...], int] = {}
    found = {}
    for mammogram in patient:
        for place, lesion in enumerate(mammogram.lesions):
            key = (_side(mammogram), place, lesion.kind, lesion.pathology)
            found[mammogram.image_id, place] = numbers.setdefault(key, len(numbers) + 1)
    return found


def nbss_record(patient: Sequence[Mammogram], *, with_assessment: bool) -> dict[str, Any]:
    """Return a record of one episode.

    Its outcome is malignant or benign as the lesions are, normal where every image is healthy, and
    open where neither is known: the assessment then has no opinion.

    Args:
        with_assessment: Normal after assessment instead of after screening.
    """
    episode: dict[str, Any] = {"EpisodeType": "R", "EpisodeIsClosed": "Y"}
    episode["SCREENING"] = {side: {"DateTaken": DATE} for side in _OPINIONS}
    lesions = _by_side(patient)
    is_healthy = all(mammogram.is_free for mammogram in patient)
    if not is_healthy:
        episode |= {"ASSESSMENT": {"dateperformed": DATE}, "LESION": _described(lesions)}
    elif with_assessment:
        episode["ASSESSMENT"] = dict.fromkeys(_OPINIONS.values(), "Normal")
    if any(lesion.pathology in _CODES for side in lesions.values() for lesion in side.values()):
        episode["BIOPSYWIDE"] = _biopsies(lesions)
    return {EPISODE: episode}


def _by_side(patient: Sequence[Mammogram]) -> dict[str, dict[int, Lesion]]:
    numbers = numbered(patient)
    sides: dict[str, dict[int, Lesion]] = {}
    for mammogram in patient:
        for place, lesion in enumerate(mammogram.lesions):
            number = numbers[mammogram.image_id, place]
            sides.setdefault(_side(mammogram), {})[number] = lesion
    return sides


def _described(lesions: Mapping[str, Mapping[int, Lesion]]) -> dict[str, Any]:
    return {
        side: {
            str(number): {"LesionDescription": _DESCRIPTIONS[lesion.kind]}
            for number, lesion in numbered_lesions.items()
        }
        for side, numbered_lesions in lesions.items()
    }


def _biopsies(lesions: Mapping[str, Mapping[int, Lesion]]) -> dict[str, Any]:
    event: dict[str, Any] = {"dateperformed": DATE, **dict.fromkeys(_OPINIONS.values())}
    for side, numbered_lesions in lesions.items():
        known = {n: x for n, x in numbered_lesions.items() if x.pathology in _CODES}
        if known:
            gravest = max(str(lesion.pathology) for lesion in known.values())
            event[_OPINIONS[side]] = gravest.capitalize()
            event[side] = {
                str(number): {"Opinion": _CODES[str(lesion.pathology)], "DatePerformed": DATE}
                for number, lesion in known.items()
            }
    return event


def _side(mammogram: Mammogram) -> str:
    return mammogram.laterality or "L"
