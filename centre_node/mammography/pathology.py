"""What is known of lesions' pathology, whatever words a data set has for it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from centre_node.mammography.mammograms import Lesion, Mammogram, Reading
from shared.names import LesionKind, Pathology

UNKNOWN = "lesion without a known pathology, benign or malignant"

_KNOWN: Mapping[str, Pathology] = {
    "benign": "benign",
    "benign_without_callback": "benign",
    "malignant": "malignant",
}


def pathology_of(lesion: Lesion) -> Pathology | None:
    """Return whether a lesion is benign or malignant; None where it is not known.

    CBIS-DDSM's "benign without callback" is benign: a lesion that was judged without more images.
    """
    words = (lesion.pathology or "").strip().lower().replace(" ", "_").replace("-", "_")
    return _KNOWN.get(words)


def is_malignant(mammogram: Mammogram) -> bool:
    """Tell whether one of its lesions is known to be malignant."""
    return any(pathology_of(lesion) == "malignant" for lesion in mammogram.lesions)


def with_known_pathology(reading: Reading, kinds: Sequence[LesionKind]) -> Reading:
    """Return the mammograms that have lesions of these kinds and known pathology, with those only.

    Every other lesion excludes its place, as what is annotated and not used does.
    """
    kept = (_with_known(mammogram, kinds) for mammogram in reading.mammograms)
    return replace(reading, mammograms=tuple(m for m in kept if m.lesions))


def unknown_pathologies(mammograms: Iterable[Mammogram], kinds: Sequence[LesionKind]) -> int:
    """Count the lesions of these kinds of which neither is known."""
    return sum(
        lesion.kind in kinds and pathology_of(lesion) is None
        for mammogram in mammograms
        for lesion in mammogram.lesions
    )


def counted_pathologies(mammograms: Iterable[Mammogram]) -> dict[str, int]:
    """Count the lesions of each pathology; those of which it is not known are left out."""
    found = (pathology_of(lesion) for mammogram in mammograms for lesion in mammogram.lesions)
    return dict(sorted(Counter(pathology for pathology in found if pathology).items()))


def _with_known(mammogram: Mammogram, kinds: Sequence[LesionKind]) -> Mammogram:
    known = [le for le in mammogram.lesions if le.kind in kinds and pathology_of(le) is not None]
    others = (lesion.box for lesion in mammogram.lesions if lesion not in known)
    return replace(mammogram, lesions=tuple(known), excluded=(*mammogram.excluded, *others))
