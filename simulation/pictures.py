"""Fetches the pictures that jobs left at their nodes."""

from dataclasses import dataclass

from node_api.jobs import Job
from simulation.driver import Outcome
from simulation.federation import Federation
from simulation.node_client import NodeClient
from simulation.scenario import Scenario

TRAINED_ON, SAMPLED = "real-patches.png", "grid.png"


@dataclass(frozen=True)
class Picture:
    """A PNG and what it shows. `of` is a generator's reference or a study's lesions."""

    file: str
    of: str
    caption: str
    png: bytes


def fetch_pictures(
    scenario: Scenario, federation: Federation, outcome: Outcome
) -> tuple[Picture, ...]:
    """Return each generator's real and synthetic patches, and every picture of each study."""
    found = []
    for trained in outcome.generators:
        reference = trained.scenario.reference
        donor = scenario.centres[trained.scenario.centre]
        stem = f"{donor.name}-{trained.scenario.name}"
        node = federation.nodes[trained.scenario.centre]
        caption = f"Real lesion patches of {donor.name}, shown by its own node. They stay there."
        found.append(
            _picture(node, trained.training, TRAINED_ON, f"{stem}-real.png", reference, caption)
        )
        if reference in outcome.previews:
            label, job = outcome.previews[reference]
            receiver = scenario.centres[label].name
            caption = f"Synthetic patches that {receiver} sampled from the generator it pulled."
            node, file = federation.nodes[label], f"{stem}-synthetic.png"
            found.append(_picture(node, job, SAMPLED, file, reference, caption))
    for study in outcome.studies:
        centre = scenario.centres[study.scenario.centre].name
        node, of = federation.nodes[study.scenario.centre], study.scenario.lesions
        for name in study.job.artifacts:
            if name.endswith(".png"):
                caption = f"{name.removesuffix('.png')} of {centre}"
                found.append(_picture(node, study.job, name, f"{centre}-{of}-{name}", of, caption))
    return tuple(picture for picture in found if picture is not None)


def _picture(
    node: NodeClient, job: Job, artifact: str, file: str, of: str, caption: str
) -> Picture | None:
    if artifact not in job.artifacts:
        return None
    return Picture(file, of, caption, node.artifact(job.id, artifact))
