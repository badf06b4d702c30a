"""A publish job: builds the package, has it decided on, waits for a person if need be, sends it."""

from pathlib import Path

from centre_node.jobs.node import Node
from centre_node.jobs.pruning import ARTIFACTS
from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.privacy.policy_file import policy_of
from centre_node.sharing.before_release import weights_to_publish
from centre_node.sharing.publish import build_package, guarantee_on
from centre_node.sharing.release import AUDIT, Candidate, Gate, read_audit
from centre_node.sharing.reviews import collapse_of, review_of
from centre_node.training.patients import trained_patients
from node_api.jobs import Job
from node_api.requests import PublishRequest
from node_api.review import Review
from shared.canonical import digest_of
from shared.packages import PACKAGE
from shared.progress import OnProgress, Progress
from shared.records import GeneratorVersion
from shared.terms import CentreTerms
from signing.keys import key_of


def publish(
    job: Job, request: PublishRequest, node: Node, *, patches: Path, report: OnProgress
) -> GeneratorVersion | Review:
    """Publish a training's generator; where a person is to look first, return what would be sent.

    What was approved is sent only if it is the same still, to the byte: the package is opened and
    verified, not built again, and the ledger gives the statement that it gave. Otherwise it is to
    be looked at again.

    Args:
        patches: Where the patches of the training lie.
    """
    folder, hub = node.job_folder(job.id), node.connection(job).hub()
    report(_step(0, "building the package"))
    policy, ledger = policy_of(node.data_dir, node.policy), LedgerStore(node.data_dir / LEDGER)
    _, trained = node.finished_training(request)
    training = node.job_folder(request.training_job) / "training"
    audit = read_audit(training / AUDIT)
    package = build_package(
        folder / PACKAGE,
        weights_to_publish(training, ensemble=request.ensemble, proportions=request.proportions),
        trained,
        CentreTerms(centre=hub.centre, **request.terms),
        proportions=request.proportions,
        samples=request.samples,
        use=request.use,
    )
    report(_step(1, "asking the policy"))
    candidate = Candidate(
        package,
        audit=audit,
        patients=trained_patients(trained.data_set, training, patches),
        patient_count=trained.patients,
        differential_privacy=guarantee_on(package.card),
        waiver=ledger.waiver(request.training_job, policy_digest=digest_of(policy)),
        built_here=True,
    )
    gate = Gate(policy, ledger, pages=folder / ARTIFACTS, key=key_of(node.data_dir))
    release = gate.decide(candidate)
    review = review_of(release, hub, policy, collapse=collapse_of(trained.fidelity))
    if (policy.review or node.review) == "person" and not _is_approved(job, review):
        return review
    report(_step(2, "sending"))
    return gate.send(release, node.hub(job), on_progress=report).record


def _step(done: int, message: str) -> Progress:
    return Progress(done=done, total=3, unit="steps", message=message)


def _is_approved(job: Job, review: Review) -> bool:
    if job.review is None or job.review.answer is None:
        return False
    return job.review.answer.approved and job.review.digest == review.digest
