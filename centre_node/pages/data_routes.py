"""Pages of data sets."""

from collections.abc import Mapping, Sequence

from anyio import to_thread
from fastapi import Request, Response
from pydantic import TypeAdapter, ValidationError

from centre_node.mammography.errors import BadMammogramsError
from centre_node.pages.data_views import (
    PHANTOMS,
    dataset_view,
    of_phantoms,
    place_of,
    register_form,
)
from centre_node.pages.forms import Form, FormFault, checked, document_of, faults_of
from centre_node.pages.job_views import job_files, job_line
from centre_node.pages.parts import Parts, PartsDep, lead_to, sent, staff_router
from centre_node.pages.wording import as_sentence
from node_api.data_sources import DatasetSource
from node_api.jobs import FINISHED, Job
from node_api.requests import PreviewRequest, RegisterRequest
from node_api.results import WrittenPhantoms
from shared.models import StrictModel
from shared.names import Name

router = staff_router()
SOURCE: TypeAdapter[DatasetSource] = TypeAdapter(DatasetSource)


class Registered(StrictModel):
    """What the form asks for."""

    name: Name
    source: DatasetSource


@router.get("/data")
def show_data(request: Request, parts: PartsDep) -> Response:
    """Show every data set, and the form that registers another."""
    return _data(request, parts, register_form(parts.folders))


@router.post("/data")
async def register(request: Request, parts: PartsDep) -> Response:
    """Register a folder, or the phantoms of a job."""
    given = await sent(request)
    return await to_thread.run_sync(_register, request, parts, given)


@router.get("/data/{name}")
def show_dataset(name: Name, request: Request, parts: PartsDep) -> Response:
    """Show one data set, and its newest contact sheets."""
    view = dataset_view(parts.datasets.find(name))
    job = next((job for job in parts.jobs.all() if _is_preview(job, name)), None)
    preview = None
    if job is not None:
        preview = {"job": job, "line": job_line(job), "files": job_files(job.artifacts)}
    return parts.site.page(request, "dataset.html.j2", view=view, preview=preview)


@router.post("/data/{name}/delete")
def remove(name: Name, parts: PartsDep) -> Response:
    """Forget a data set, unless a job needs it."""
    with parts.jobs.unneeded("data set", name):
        parts.datasets.remove(name)
    return lead_to("/data")


def _data(request: Request, parts: Parts, form: Form) -> Response:
    views = [dataset_view(dataset) for dataset in parts.datasets.all()]
    status = 422 if form.is_refused else 200
    return parts.site.page(request, "data.html.j2", status=status, views=views, form=form)


def _register(request: Request, parts: Parts, given: Mapping[str, Sequence[str]]) -> Response:
    form = register_form(parts.folders)
    if drawn_by := given.get(PHANTOMS):
        form = of_phantoms(form, drawn_by[-1])
    form = form.filled_with(given)
    document = document_of(form, given)
    if job_id := document.pop(PHANTOMS, None):
        document["source"] = _phantoms_of(parts.jobs.find(job_id))
    try:
        wanted: Registered = checked(Registered, document)
        _check_free(parts, wanted)
        registered = parts.datasets.register(wanted.name, wanted.source)
    except ValidationError as error:
        return _data(request, parts, form.with_faults(faults_of(error, form)))
    except FormFault as fault:
        return _data(request, parts, form.with_faults([(fault.field, fault.told)]))
    except BadMammogramsError as error:
        return _data(request, parts, form.with_faults([("source.folder", as_sentence(str(error)))]))
    if registered is None:
        job, _ = parts.jobs.submit(RegisterRequest(name=wanted.name, source=wanted.source), None)
        return lead_to(f"/jobs/{job.id}")
    return lead_to(f"/data/{wanted.name}")


def _check_free(parts: Parts, wanted: Registered) -> None:
    """Check that a name means no other mammograms: those that jobs under it were about.

    The same ones may be counted again.

    Raises:
        FormFault: It does, or will when a job has counted them.
    """
    registered = {one.name: one.source for one in parts.datasets.all()}
    counting = {
        job.request.name: job.request.source
        for job in parts.jobs.all()
        if isinstance(job.request, RegisterRequest) and job.state not in FINISHED
    }
    source = (registered | counting).get(wanted.name, wanted.source)
    if source != wanted.source:
        told = (
            f"This name is taken: {wanted.name} is {place_of(source)}. Choose another, or remove "
            "that data set first, on its own page."
        )
        raise FormFault("name", told)


def _phantoms_of(job: Job) -> object:
    """Return the source that a job of phantoms wrote; None, which is none, of another job."""
    if not isinstance(job.result, WrittenPhantoms):
        return None
    return job.result.phantoms.model_dump()


def _is_preview(job: Job, dataset: str) -> bool:
    match job.request:
        case PreviewRequest(dataset=name):
            return name == dataset
        case RegisterRequest(name=name):
            return name == dataset and bool(job.artifacts)
    return False
