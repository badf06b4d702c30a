"""What a study's pictures are called, and what they show, told from their names."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from study_report.presented import Presented
from study_report.wording import listed, sentence

MISTAKES = "mistakes.png"


@dataclass(frozen=True)
class ShownPicture:
    """A PNG as a page shows it."""

    caption: str
    source: str


def real_picture(name: str) -> str:
    """Return the name of the picture of real patches of a class, such as lesion."""
    return f"real-{name}-patches.png"


def synthetic_picture(centre: str, generator: str) -> str:
    """Return the name of the picture of a generator's patches."""
    return f"synthetic-{centre}-{generator}.png"


def picture_names(study: Presented) -> set[str]:
    """Return the names of all pictures that a study leaves."""
    return {MISTAKES, *_of_classes(study), *_first(study)}


def first_pictures(study: Presented, pictures: Mapping[str, bytes]) -> tuple[ShownPicture, ...]:
    """Return what stands on the first screen: real positive patches, then generators' by arm."""
    return _shown(study, pictures, [name for name in _first(study) if name in pictures])


def further_pictures(study: Presented, pictures: Mapping[str, bytes]) -> tuple[ShownPicture, ...]:
    """Return the others: mistakes, then the real patches of the other class."""
    order = [MISTAKES, *_of_classes(study)]
    left = [name for name in pictures if name not in _first(study)]
    left.sort(key=lambda name: order.index(name) if name in order else -1)
    return _shown(study, pictures, left)


def _first(study: Presented) -> tuple[str, ...]:
    generators = study.result.generators
    by_arm = [used for arm in study.result.arms for used in generators if arm.name in used.arms]
    drawn = (synthetic_picture(used.centre, used.name) for used in (*by_arm, *generators))
    return real_picture(study.classes.positive), *dict.fromkeys(drawn)


def _shown(
    study: Presented, pictures: Mapping[str, bytes], names: Iterable[str]
) -> tuple[ShownPicture, ...]:
    return tuple(ShownPicture(_caption(study, name), data_url(pictures[name])) for name in names)


def data_url(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _of_classes(study: Presented) -> dict[str, str]:
    """Return the caption of the picture of each class's real patches, the positive one first."""
    return {
        real_picture(name): f"Real {name} patches that {study.centre} trained on."
        for name in (study.classes.positive, study.classes.other)
    }


def _caption(study: Presented, name: str) -> str:
    if name == MISTAKES:
        return (
            f"Test patches that the classifiers were surest of and wrong: {study.classes.mistakes}."
        )
    if caption := _of_classes(study).get(name):
        return caption
    for used in study.result.generators:
        if name == synthetic_picture(used.centre, used.name):
            arms = listed([f"“{arm}”" for arm in used.arms])
            drawn = f"Synthetic patches of {used.centre} ({used.title}), as {arms} used them"
            harmonised = any(arm.harmonised for arm in study.result.arms if arm.name in used.arms)
            return f"{drawn}{', before they were harmonised' if harmonised else ''}."
    return sentence(name.removesuffix(".png").replace("-", " ")) + "."
