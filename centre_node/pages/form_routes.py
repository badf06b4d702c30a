"""Forms that start jobs."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import HTTPException, Request, Response
from pydantic import ValidationError

from centre_node.datasets.errors import DatasetNotFoundError
from centre_node.datasets.usual_cutting import patches_for
from centre_node.mammography.errors import NothingCutError
from centre_node.pages import job_forms
from centre_node.pages.forms import (
    Choice,
    Form,
    FormFault,
    FormField,
    Given,
    checked,
    document_of,
    faults_of,
    label_of,
)
from centre_node.pages.generator_views import usual_side_px
from centre_node.pages.job_forms import TrainingStart
from centre_node.pages.parts import Parts, PartsDep, lead_to, sent, staff_router
from centre_node.pages.study_form import study_document, study_form
from centre_node.pages.wording import as_sentence
from node_api.losses import LOSSES
from node_api.patches import PatchConfiguration
from node_api.requests import (
    AuditRequest,
    JobRequest,
    PlanStudyRequest,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    SampleRequest,
    StudyRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from shared.problems import GenshareError

router = staff_router()
Query = Mapping[str, str]
THEN, PLAN = "then", "plan"
STARTS = {
    "recipe": "training.recipe",
    "loss": "training.loss",
    "architecture": "architecture.kind",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """How a kind of job is asked for.

    Attributes:
        form: Makes it from what was chosen before, such as ?dataset=own.
        model: What it becomes.
        document: Makes what the model checks, of a form and what was sent.
    """

    form: Callable[[Parts, Query], Form]
    model: type[JobRequest]
    document: Callable[[Form, Given], dict[str, Any]] = document_of


@router.get("/new/{kind}")
def show_form(kind: str, request: Request, parts: PartsDep) -> Response:
    """Show the form of a kind of job, filled in."""
    query = dict(request.query_params)
    return _page(request, parts, kind, _asking(kind).form(parts, query), query)


@router.post("/new/{kind}")
async def start(kind: str, request: Request, parts: PartsDep) -> Response:
    """Start a job, or show what is wrong with it."""
    given = await sent(request)
    return await to_thread.run_sync(_start, request, parts, kind, given)


def _start(
    request: Request, parts: Parts, kind: str, given: Mapping[str, Sequence[str]]
) -> Response:
    asking, query = _asking(kind), _chosen(given)
    form = asking.form(parts, query).filled_with(given)
    model = PlanStudyRequest if PLAN in given.get(THEN, ()) else asking.model
    try:
        document = asking.document(form, given)
        wanted = checked(model, {**document, "kind": model.model_fields["kind"].default})
        job, _ = parts.jobs.submit(wanted, None)
    except ValidationError as error:
        return _page(request, parts, kind, form.with_faults(faults_of(error, form)), query)
    except FormFault as fault:
        return _page(request, parts, kind, form.with_faults([(fault.field, fault.told)]), query)
    except GenshareError as error:
        told = f"{as_sentence(str(error))} {error.hint}"
        field = error.field if isinstance(error, NothingCutError) else ""
        return _page(request, parts, kind, form.with_faults([(field, told)]), query)
    return lead_to(f"/jobs/{job.id}")


def _page(request: Request, parts: Parts, kind: str, form: Form, query: Query) -> Response:
    dataset = form.hidden.get("dataset", "")
    return parts.site.page(
        request,
        "new.html.j2",
        status=422 if form.is_refused else 200,
        form=form,
        kind=kind,
        dataset=dataset,
        about=OF_DATASETS.get(kind, ""),
        others=tuple(_other_datasets(parts, query, dataset)),
        starts=tuple(_starts(TrainingStart.asked(query))) if kind == "train_generator" else (),
        buttons=((THEN, PLAN, "Estimate its time first"),) if kind == "study" else (),
    )


def _chosen(given: Mapping[str, Sequence[str]]) -> Query:
    """Return what the form was made of: it is made again to be checked."""
    named = {name: given[field][-1] for name, field in STARTS.items() if given.get(field)}
    return named | {"dataset": (given.get("dataset") or [""])[-1]}


OF_DATASETS = {
    "preview": "Whose patches are drawn.",
    "train_generator": "Whose lesions the generator learns.",
    "study": "Its patients are split: some train, others test.",
}
"""What a data set is for, by the kind of job."""


def _other_datasets(parts: Parts, query: Query, chosen: str) -> Iterator[tuple[str, str]]:
    """Yield the name of every other data set, and where the form is filled in for it."""
    same = {name: query[name] for name in STARTS if name in query}
    for dataset in parts.datasets.all():
        if dataset.name != chosen:
            yield dataset.name, f"?{urlencode({**same, 'dataset': dataset.name})}"


def _starts(start: TrainingStart) -> Iterator[FormField]:
    """Yield the fields that a training's defaults depend on."""
    known = {
        "recipe": ("Recipe", ("improved", "paper", "private"), RECIPES),
        "loss": ("Loss", tuple(LOSSES), "How the generator is taught."),
        "architecture": ("Network", ("dcgan", "residual"), "How the generator is built."),
    }
    for name, (label, values, told) in known.items():
        yield FormField(
            name,
            label,
            "select",
            told,
            value=getattr(start, name),
            choices=tuple(Choice(value, label_of(value)) for value in values),
        )


RECIPES = "Improved is ours; paper is as published; private has differential privacy of patients."


def _asking(kind: str) -> Asking:
    asking = ASKED.get(kind)
    if asking is None:
        raise HTTPException(404)
    return asking


def _patches(parts: Parts, query: Query) -> tuple[str, PatchConfiguration]:
    """Return the chosen data set, the first if none is, and how its patches are usually cut."""
    name = query.get("dataset", "")
    datasets = parts.datasets.all()
    if not name and datasets:
        name = datasets[0].name
    try:
        return name, patches_for(parts.datasets.find(name))
    except DatasetNotFoundError:
        return name, patches_for(None)


def _phantoms(_parts: Parts, query: Query) -> Form:
    style = query.get("style", "")
    known = job_forms.PHANTOM_STYLES
    return job_forms.phantoms_form(style if style in known else next(iter(known)))


def _preview(parts: Parts, query: Query) -> Form:
    return job_forms.preview_form(parts.at_hand(), *_patches(parts, query))


def _train(parts: Parts, query: Query) -> Form:
    start = TrainingStart.asked(query)
    return job_forms.train_form(parts.at_hand(), start, *_patches(parts, query))


def _study(parts: Parts, query: Query) -> Form:
    return study_form(
        parts.at_hand(),
        *_patches(parts, query),
        side_px=usual_side_px(parts.pulled.all()),
        workers=len(os.sched_getaffinity(0)),
    )


ASKED: Mapping[str, Asking] = {
    "write_phantoms": Asking(_phantoms, WritePhantomsRequest),
    "preview": Asking(_preview, PreviewRequest),
    "train_generator": Asking(_train, TrainGeneratorRequest),
    "audit": Asking(
        lambda parts, query: job_forms.audit_form(parts.at_hand(), query.get("training", "")),
        AuditRequest,
    ),
    "publish": Asking(
        lambda parts, query: job_forms.publish_form(parts.at_hand(), query.get("training", "")),
        PublishRequest,
    ),
    "pull": Asking(
        lambda _parts, query: job_forms.pull_form(query.get("centre", ""), query.get("name", "")),
        PullRequest,
    ),
    "sample": Asking(
        lambda parts, query: job_forms.sample_form(parts.at_hand(), query.get("generator", "")),
        SampleRequest,
    ),
    "study": Asking(_study, StudyRequest, study_document),
}
