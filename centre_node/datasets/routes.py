"""HTTP routes of data sets."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response, status

from centre_node.datasets.errors import DatasetNotFoundError
from centre_node.datasets.service import Datasets
from centre_node.jobs.dependency import JobsDep
from centre_node.jobs.errors import NeededByJobsError
from centre_node.mammography.errors import BadMammogramsError
from node_api.data_sources import DatasetSource
from node_api.datasets import Dataset
from node_api.examples import SOURCES
from node_api.jobs import Job
from node_api.requests import RegisterRequest
from shared.access import GuardedRoute, Role, requires
from shared.api_answers import headers, problems
from shared.json_bodies import JsonBody
from shared.names import Name

SOURCE = JsonBody[DatasetSource](DatasetSource, SOURCES)
router = APIRouter(
    prefix="/datasets",
    tags=["data sets"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.STAFF)],
)


def _datasets(request: Request) -> Datasets:
    datasets: Datasets = request.app.state.datasets
    return datasets


DatasetsDep = Annotated[Datasets, Depends(_datasets)]


@router.get("")
def list_datasets(datasets: DatasetsDep) -> tuple[Dataset, ...]:
    """List the registered data sets with their counts."""
    return datasets.all()


@router.put(
    "/{name}",
    response_model=Dataset,
    responses={
        202: {
            "model": Job,
            "description": "It takes long, so a job registers it",
            "headers": headers(Location="Where the job is."),
        },
        **problems(BadMammogramsError),
    },
    openapi_extra=SOURCE.described,
)
async def register(
    name: Name, request: Request, datasets: DatasetsDep, jobs: JobsDep
) -> Dataset | Response:
    """Register a data set; its annotations are read and counted.

    One that is not read within `NODE_REGISTER_SECONDS` is left to a job (202): when that has
    succeeded, the data set is there.
    """
    source = await SOURCE.read(request)
    registered = await to_thread.run_sync(datasets.register, name, source)
    if registered is not None:
        return registered
    job, _ = await to_thread.run_sync(jobs.submit, RegisterRequest(name=name, source=source), None)
    return Response(
        job.model_dump_json(),
        status_code=status.HTTP_202_ACCEPTED,
        media_type="application/json",
        headers={"Location": f"/api/v1/jobs/{job.id}"},
    )


@router.get("/{name}", responses=problems(DatasetNotFoundError))
def read(name: Name, datasets: DatasetsDep) -> Dataset:
    """Return one data set's source and counts."""
    return datasets.find(name)


@router.delete(
    "/{name}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(DatasetNotFoundError, NeededByJobsError),
)
def remove(name: Name, datasets: DatasetsDep, jobs: JobsDep) -> None:
    """Forget a data set, unless a job needs it; its images are not touched."""
    with jobs.unneeded("data set", name):
        datasets.remove(name)
