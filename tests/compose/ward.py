"""A ward's mammograms, whose names and headers hold what no one else may ever read."""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from centre_node.mammography.patch_store import PIXELS, PatchStore
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.mammography.readers.inbreast import IMAGES
from node_api.data_sources import MammogramFolder, PhantomSet
from node_api.generator_training import GeneratorTraining
from node_api.jobs import FINISHED, Job
from node_api.patches import PatchConfiguration
from node_api.requests import JobRequest, PublishRequest, PullRequest, TrainGeneratorRequest
from shared.architectures import DcganArchitecture
from simulation.errors import JobFailedError, ServiceRefusedError
from simulation.node_client import NodeClient
from tests.compose.traces import pieces_of
from tests.waiting import wait_for

PHANTOMS = PhantomSet(
    style="soft", patients=14, seed=77, image_height_px=256, healthy_share=0, written_as="inbreast"
)
HEADERS = ("PatientName", "PatientID", "InstitutionName", "AccessionNumber", "StudyDescription")
MIDDLE = 20_000
"""At this byte of a DICOM file are pixels of the breast."""


def _secret() -> str:
    return uuid.uuid4().hex


@dataclass
class Ward:
    """A centre's folder of mammograms.

    Attributes:
        folder: Holds `name`, which a card tells, and `damaged`, which has of each file a beginning.
        texts: What is in names and headers.
        images: Of every file, the bytes from within the breast on.
    """

    folder: Path
    name: str = "ward"
    damaged: str = field(default_factory=lambda: f"damaged-{_secret()}")
    texts: set[str] = field(default_factory=set)
    images: list[bytes] = field(default_factory=list)

    def write(self) -> None:
        """Write it, each patient under a name of her own."""
        self.folder.mkdir(mode=0o755)
        whole, damaged = self.folder / self.name, self.folder / self.damaged
        write_phantoms(PHANTOMS, whole, layout="inbreast", on_progress=lambda *_: None)
        for path in (whole / IMAGES).iterdir():
            image, _, *rest = path.name.split("_")
            patient = _secret()[:16]
            headers = {name: _secret()[:16] for name in HEADERS}
            dicom = pydicom.dcmread(path)
            for name, text in headers.items():
                setattr(dicom, name, text)
            dicom.save_as(path.with_name("_".join([image, patient, *rest])))
            path.unlink()
            self.texts |= {patient, str(dicom.StudyInstanceUID), *headers.values()}
        shutil.copytree(whole, damaged)
        for path in (damaged / IMAGES).iterdir():
            self.images.append(path.read_bytes()[MIDDLE:])
            path.write_bytes(path.read_bytes()[:300])
        self.texts.add(self.damaged)

    def pixels(self, kept: Path) -> list[NDArray[np.uint8]]:
        """Return pieces of patients' images.

        Args:
            kept: All that the node keeps, with what it has cut.
        """
        stores = [PatchStore.open(path.parent) for path in kept.rglob(PIXELS)]
        assert stores, "the node has cut no patch"
        places = [(store, index) for store in stores for index in range(len(store.records))]
        squares = [store.square(index) for store, index in places]
        crops = [crop for store, index in places for crop in store.crops([index], size=16)]
        whole = [np.frombuffer(image, dtype=np.uint8) for image in self.images]
        return [piece for image in (*squares, *crops, *whole) for piece in pieces_of(image)]


def share(ward: Ward, donor: NodeClient, receiver: NodeClient) -> tuple[Job, list[str]]:
    """Train on a ward's mammograms, publish and pull; then do what goes wrong in many ways.

    Returns:
        The publication, and what was said of each thing that went wrong.
    """
    patches = PatchConfiguration(margin_px=6, smallest_side_px=16)
    training = GeneratorTraining(epochs=2, batch_size=8, checkpoint_every_epochs=1, seed=1)
    asked = TrainGeneratorRequest(
        dataset="ward",
        patches=patches,
        architecture=DcganArchitecture(image_size=16, width=4),
        training=training,
    )
    donor.register_dataset("ward", MammogramFolder(format="inbreast", folder=ward.name))
    trained = _done(donor, asked)
    publish = PublishRequest(
        training_job=trained.id,
        name="ward-lesions",
        title="Lesions of a ward",
        licence="CC0-1.0",
        use_terms="Tests",
        contact="tests",
        samples=16,
    )
    published = _done(donor, publish)
    _done(receiver, PullRequest(centre=donor.name, name="ward-lesions"))

    uid = max(ward.texts, key=lambda text: text.count("."))
    terms = (
        {"use_terms": f"As agreed for /mammograms/{ward.damaged}"},
        {"training_job": ward.damaged},
        {"title": f"Of the study {uid}"},
    )
    wrong = [
        _refused(lambda: _registered(donor, f"none/{ward.damaged}")),
        _refused(lambda: _registered(donor, ward.damaged)),
        *(_refused(partial(_done, donor, publish.model_copy(update=told))) for told in terms),
        _refused(lambda: _done(receiver, PullRequest(centre=donor.name, name="none"))),
    ]
    for path in (ward.folder / ward.name / IMAGES).iterdir():
        path.write_bytes(path.read_bytes()[:-1000])
    wider = asked.model_copy(update={"patches": patches.model_copy(update={"margin_px": 7})})
    wrong.append(_refused(lambda: _done(donor, wider)))
    return published, wrong


def _registered(donor: NodeClient, folder: str) -> None:
    donor.register_dataset("wrong", MammogramFolder(format="inbreast", folder=folder))


def _done(node: NodeClient, request: JobRequest) -> Job:
    job = node.submit(request, key=_secret())

    def look() -> Job | None:
        found = node.job(job.id)
        return found if found.state in FINISHED else None

    ended = wait_for(look, seconds=300)
    if ended.state != "succeeded":
        raise JobFailedError(f"{ended.state}: {ended.problem}")
    return ended


def _refused(do: Callable[[], object]) -> str:
    with pytest.raises((JobFailedError, ServiceRefusedError)) as refused:
        do()
    return str(refused.value)
