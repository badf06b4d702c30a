"""What keeps a job from being done and can be seen before it is queued. Reads no image."""

from pathlib import Path

from centre_node.connection.service import Connection
from centre_node.datasets.known_spacing import check_spacing_is_known
from centre_node.datasets.service import Datasets
from centre_node.generators.errors import TooFewPatchesError
from centre_node.jobs.errors import JobNotFoundError, TrainingNotDoneError
from centre_node.jobs.needs import cut_in_mm, datasets_of, needs_hub
from centre_node.jobs.store import JobStore
from centre_node.pulled.service import PulledGenerators
from centre_node.sampling.classes import check_count, check_pathology
from centre_node.sharing.before_release import check_counts, terms_of, weights_to_publish
from centre_node.study.arms_without import study_without
from centre_node.study.fitting_arms import check_arms
from node_api.connection import ConnectedHub
from node_api.requests import (
    AnyJobRequest,
    AuditRequest,
    PublishRequest,
    RegisterRequest,
    SampleRequest,
    StudyParts,
    TrainGeneratorRequest,
    WeightsChoice,
)
from node_api.results import FinishedTraining
from shared.cards import ModelCard
from shared.counts import counted
from shared.errors import BrokenPackageError, CardRefusedError, PartlyFetchedError
from shared.screening import prose_fault, terms_fault


class Preconditions:
    """Checks requests against what is at the node.

    Args:
        folder: Holds a folder of each job, named after its id.
    """

    def __init__(
        self,
        store: JobStore,
        datasets: Datasets,
        connection: Connection,
        pulled: PulledGenerators,
        *,
        folder: Path,
    ) -> None:
        self._store = store
        self._datasets = datasets
        self._connection = connection
        self._pulled = pulled
        self._folder = folder

    def __call__(self, request: AnyJobRequest) -> ConnectedHub | None:
        """Check a request, and return the hub that its job is for.

        Raises:
            DatasetNotFoundError, GeneratorNotPulledError, JobNotFoundError: It names what is not
                here.
            NoHubError: It needs a hub, and the node is connected to none.
            TrainingNotDoneError: It names a training that has not succeeded.
            BadMammogramsError: It would register a folder that is not there.
            NothingCutError: Its lengths are in mm, and a data set has no pixel spacing.
            GenshareError: Its settings do not fit what they are for.
        """
        hub = self._connection.hub() if needs_hub(request) else None
        for name in datasets_of(request):
            self._datasets.find(name)
        for name, patches, field in cut_in_mm(request):
            check_spacing_is_known(self._datasets.find(name), patches, field)
        match request:
            case RegisterRequest():
                self._datasets.check(request.source)
            case TrainGeneratorRequest():
                self._check_training(request)
            case AuditRequest():
                self._check_trained(request)
            case PublishRequest():
                trained = self._check_trained(request)
                _check_publishable(request, trained, self._connection.hub().centre)
            case SampleRequest():
                card = self._card(
                    request.generator, partly=True, withdrawn_too=request.withdrawn_too
                )
                check_pathology(request.pathology, card)
                check_count(request.count, card)
            case StudyParts():
                self._check_study(request)
        return hub

    def _check_training(self, request: TrainGeneratorRequest) -> None:
        kinds = self._datasets.find(request.dataset).summary.kinds
        lesions = sum(kinds.get(kind, 0) for kind in set(request.lesion_kinds))
        if lesions < request.training.batch_size and request.training.privacy is None:
            raise TooFewPatchesError(
                f"the data set {request.dataset} has {counted(lesions, 'lesion')} of these kinds, "
                f"fewer than one batch of {request.training.batch_size}"
            )

    def _check_trained(self, request: WeightsChoice) -> FinishedTraining:
        job = self._store.find(request.training_job)
        if job is None or job.kind != "train_generator":
            raise JobNotFoundError("no train_generator job has the id that training_job gives")
        if not isinstance(job.result, FinishedTraining):
            raise TrainingNotDoneError(
                f"the training {job.id} is {job.state}; only one that has succeeded will do"
            )
        weights_to_publish(
            self._folder / job.id / "training",
            ensemble=request.ensemble,
            proportions=request.proportions,
        )
        return job.result

    def _check_study(self, request: StudyParts) -> None:
        study = request.study
        if request.without:
            study = study_without(study, request.without)
        digests = {digest for arm in study.arms for digest in arm.generators}
        cards = {
            digest: self._card(digest, withdrawn_too=request.withdrawn_too)
            for digest in sorted(digests)
        }
        check_arms(study, cards)
        for card in cards.values():
            check_count(study.synthetic_patches, card)

    def _card(self, digest: str, *, partly: bool = False, withdrawn_too: bool = False) -> ModelCard:
        found = self._pulled.usable(digest, withdrawn_too=withdrawn_too)
        if found.card is None:
            raise BrokenPackageError(f"the generator {digest} is damaged: {found.problem}")
        if not (found.whole or partly):
            raise PartlyFetchedError(
                f"of {found.card.centre}/{found.card.name}, only {len(found.weights)} of "
                f"{counted(len(found.card.weights), 'weight file')} lie here; a study needs all"
            )
        return found.card


def _check_publishable(request: PublishRequest, trained: FinishedTraining, centre: str) -> None:
    check_counts(trained)
    terms = terms_of({"centre": centre, **request.terms})
    if (fault := terms_fault(terms)) is not None:
        raise CardRefusedError(f"the card's {fault}")
    if request.use is not None and (fault := prose_fault(request.use.purpose or "")) is not None:
        raise CardRefusedError(f"the card's use.purpose: {fault}")
