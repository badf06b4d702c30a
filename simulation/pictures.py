"""Fetches the pictures that jobs left at their nodes."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulation.federation import Federation
from simulation.finished import FinishedSimulation, FinishedStudy, PublishedGenerator
from simulation.scenario import Scenario

TRAINED_ON, SAMPLED = "real-patches.png", "grid.png"
SYNTHETIC = "-synthetic.png"


@dataclass(frozen=True)
class FetchedPicture:
    """A PNG and what it shows. `of` is a generator's reference or a study's lesions."""

    file: str
    of: str
    caption: str
    png: bytes


def of_study(centre: str, lesions: str) -> str:
    """Return what the files of a study's pictures begin with."""
    return f"{centre}-{lesions}-"


def is_sampled(file: str) -> bool:
    """Tell whether a file shows a generator's samples."""
    return file.endswith(SYNTHETIC)


def fetch_pictures(
    scenario: Scenario, federation: Federation, finished: FinishedSimulation
) -> tuple[FetchedPicture, ...]:
    """Return each generator's real and synthetic patches, and every picture of each study."""
    of_generators = (
        picture
        for generator in finished.generators
        for picture in _of_generator(scenario, federation, generator)
    )
    of_studies = (
        picture for study in finished.studies for picture in _of_study(scenario, federation, study)
    )
    return (*of_generators, *of_studies)


def _of_generator(
    scenario: Scenario, federation: Federation, generator: PublishedGenerator
) -> Iterator[FetchedPicture]:
    label, reference = generator.scenario.centre, generator.scenario.reference
    donor = scenario.centres[label].name
    stem = f"{donor}-{generator.scenario.name}"
    if TRAINED_ON in generator.training.artifacts:
        caption = f"Real lesion patches of {donor}, shown by its own node. They stay there."
        png = federation.nodes[label].artifact(generator.training.id, TRAINED_ON)
        yield FetchedPicture(f"{stem}-real.png", reference, caption, png)
    preview = generator.preview
    if preview is not None and SAMPLED in preview.job.artifacts:
        receiver = scenario.centres[preview.centre].name
        caption = f"Synthetic patches that {receiver} sampled from the generator it pulled."
        png = federation.nodes[preview.centre].artifact(preview.job.id, SAMPLED)
        yield FetchedPicture(f"{stem}{SYNTHETIC}", reference, caption, png)


def _of_study(
    scenario: Scenario, federation: Federation, study: FinishedStudy
) -> Iterator[FetchedPicture]:
    centre, lesions = scenario.centres[study.scenario.centre].name, study.scenario.lesions
    for name in study.job.artifacts:
        if name.endswith(".png"):
            caption = f"{name.removesuffix('.png')} of {centre}"
            png = federation.nodes[study.scenario.centre].artifact(study.job.id, name)
            yield FetchedPicture(of_study(centre, lesions) + name, lesions, caption, png)
