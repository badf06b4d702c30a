"""The simulation's only way to a centre node: its URLs, its jobs, its data sets."""

import time

import httpx

from node_api.data_sources import DatasetSource
from node_api.datasets import Dataset
from node_api.jobs import FINISHED, Job
from node_api.requests import JobRequest
from node_api.trust import OwnKey
from shared.safe_text import shown
from signing.trust import Trust
from simulation.errors import JobFailedError
from simulation.service_client import ServiceClient

POLL_SECONDS = 0.5


class NodeClient(ServiceClient):
    """Typed calls to a centre's node."""

    def connect_hub(self, url: str, token: str) -> None:
        """Tell the node its hub and its token there."""
        body = {"centre": self.name, "url": url, "token": token}
        self.send("PUT", "/hub-connection", json=body)

    def signing_key(self) -> OwnKey:
        """Return the public part of the key that the node signs with."""
        return self.parsed(OwnKey, self.send("GET", "/signing-key"))

    def trust(self, trust: Trust) -> None:
        """Tell the node whose keys it trusts."""
        self.send("PUT", "/trust", json=trust.model_dump(mode="json"))

    def register_dataset(self, name: str, source: DatasetSource) -> Dataset:
        """Tell the node where its mammograms come from, and wait until it has read them.

        Raises:
            JobFailedError: They take long, and the job that was to read them did not succeed.
        """
        body = source.model_dump(mode="json")
        answer = self.send("PUT", f"/datasets/{name}", json=body)
        if answer.status != httpx.codes.ACCEPTED:
            return self.parsed(Dataset, answer)
        return self._registered(self.parsed(Job, answer))

    def _registered(self, job: Job) -> Dataset:
        while job.state not in FINISHED:
            time.sleep(POLL_SECONDS)
            job = self.job(job.id)
        if isinstance(job.result, Dataset):
            return job.result
        why = job.state if job.problem is None else job.problem.detail
        raise JobFailedError(f"{self.name} has not registered its mammograms: {shown(why)}")

    def submit(self, request: JobRequest, *, key: str) -> Job:
        """Start a job; the same key and request return the same job ever after."""
        body = request.model_dump(mode="json")
        headers = {"Idempotency-Key": key}
        return self.parsed(Job, self.send("POST", "/jobs", json=body, headers=headers))

    def job(self, job_id: str) -> Job:
        """Return a job as it stands."""
        return self.parsed(Job, self.send("GET", f"/jobs/{job_id}"))

    def artifact(self, job_id: str, name: str) -> bytes:
        """Return a file that a job left."""
        return self.send("GET", f"/jobs/{job_id}/artifacts/{name}").body
