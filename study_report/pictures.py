"""What a study's pictures are called, and what they show, told from their names."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from study_report.presented import Presented
from study_report.wording import listed, sentence

REAL_LESIONS, REAL_HEALTHY = "real-lesion-patches.png", "real-healthy-patches.png"
MISTAKES = "mistakes.png"

KNOWN = {
    REAL_LESIONS: "Real lesion patches that {centre} trained on.",
    REAL_HEALTHY: "Real healthy patches that {centre} trained on.",
    MISTAKES: "Test patches that the classifiers were surest of and wrong: missed lesions "
    "above, healthy patches taken for lesions below.",
}


@dataclass(frozen=True)
class ShownPicture:
    """A PNG as a page shows it."""

    caption: str
    source: str


def synthetic_picture(centre: str, generator: str) -> str:
    """Return the name of the picture of a generator's patches."""
    return f"synthetic-{centre}-{generator}.png"


def shown_pictures(study: Presented, pictures: Mapping[str, bytes]) -> tuple[ShownPicture, ...]:
    """Return synthetic patches first, then mistakes and real patches."""
    order = [MISTAKES, *KNOWN]
    names = sorted(pictures, key=lambda name: order.index(name) if name in order else -1)
    return tuple(ShownPicture(_caption(study, name), data_url(pictures[name])) for name in names)


def data_url(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _caption(study: Presented, name: str) -> str:
    if name in KNOWN:
        return KNOWN[name].format(centre=study.centre)
    for used in study.result.generators:
        if name == synthetic_picture(used.centre, used.name):
            arms = listed([f"“{arm}”" for arm in used.arms])
            return f"Synthetic patches of {used.centre} ({used.title}), as {arms} used them."
    return sentence(name.removesuffix(".png").replace("-", " ")) + "."
