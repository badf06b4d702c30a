"""What a job may use of the node."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from centre_node.connection.service import Connection
from centre_node.connection.store import ConnectionStore
from centre_node.datasets.places import read_registered
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.jobs.errors import HubChangedError, JobNotFoundError, TrainingNotDoneError
from centre_node.jobs.store import JobStore
from centre_node.mammography.datasets import DataFolders
from centre_node.mammography.mammograms import Reading
from centre_node.pulled.service import GENERATORS
from node_api.jobs import Job
from node_api.requests import TrainGeneratorRequest, WeightsChoice
from node_api.results import FinishedTraining
from node_api.review import Reviewer
from shared.hub_client import HubClient


@dataclass(frozen=True)
class Node:
    """What handlers may use of the node.

    Attributes:
        policy: The file of the release policy; None: the one in the data folder, if any.
        review: Who looks at what leaves, where the policy does not say.
        allow_unencrypted: Whether the hub may be another machine over plain HTTP.
    """

    engine: Engine
    data_dir: Path
    folders: DataFolders
    policy: Path | None = None
    review: Reviewer = "person"
    allow_unencrypted: bool = False

    @property
    def generators_dir(self) -> Path:
        """Where pulled packages lie, by manifest digest."""
        return self.data_dir / GENERATORS

    def job_folder(self, job_id: str) -> Path:
        """Where a job's files lie."""
        return self.data_dir / "jobs" / job_id

    def classifier_weights(self, digest: str | None) -> Path | None:
        """Return the file of weights that classifiers start from."""
        folder = self.data_dir / "classifier-weights"
        return None if digest is None else folder / f"{digest}.safetensors"

    def reading(self, dataset: str) -> Reading:
        """Read a registered data set."""
        datasets = Datasets(DatasetStore(self.engine), self.folders)
        return read_registered(datasets.find(dataset).source, self.folders)

    def connection(self, job: Job) -> Connection:
        """Return the connection to the hub that a job was submitted for.

        Raises:
            NoHubError: There is none.
            HubChangedError: The node is connected to another hub, or as another centre, by now.
        """
        connection = Connection(
            ConnectionStore(self.engine), allow_unencrypted=self.allow_unencrypted
        )
        now = connection.hub()
        if job.hub is not None and job.hub != now:  # None: an earlier version queued it
            raise HubChangedError(
                f"the job is for the hub {job.hub.url} as {job.hub.centre}, but the node is now "
                f"connected to {now.url} as {now.centre}"
            )
        return connection

    def hub(self, job: Job) -> HubClient:
        """Return a client of the hub that a job was submitted for."""
        return self.connection(job).client()

    def finished_training(
        self, choice: WeightsChoice
    ) -> tuple[TrainGeneratorRequest, FinishedTraining]:
        """Return what was asked of a training, and what it says of itself.

        Raises:
            JobNotFoundError: There is no such training.
            TrainingNotDoneError: It has not succeeded.
        """
        job = JobStore(self.engine).find(choice.training_job)
        if job is None or not isinstance(job.request, TrainGeneratorRequest):
            raise JobNotFoundError("no train_generator job has the id that training_job gives")
        if not isinstance(job.result, FinishedTraining):
            raise TrainingNotDoneError(
                f"the training {job.id} is {job.state}; only one that has succeeded will do"
            )
        return job.request, job.result
