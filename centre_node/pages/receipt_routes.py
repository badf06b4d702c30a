"""The page on which a person lets a receipt leave: what a generator was worth here."""

from collections.abc import Mapping, Sequence
from typing import Any

from anyio import to_thread
from fastapi import Request, Response
from pydantic import ValidationError

from centre_node.pages.parts import Parts, PartsDep, sent, staff_router
from centre_node.pages.wording import as_sentence
from node_api.receipts import ReceiptApproval, ReceiptAsked, ReceiptReview
from shared.access import CallerDep
from shared.problems import GenshareError

router = staff_router()
Given = Mapping[str, Sequence[str]]


@router.get("/jobs/{job_id}/receipt")
def show_receipt(job_id: str, request: Request, parts: PartsDep) -> Response:
    """Show the results of a study that can be told, and, of one, exactly what would be."""
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    if "arm" not in query:
        return _page(request, parts, job_id)
    try:
        review = parts.receipts.review(ReceiptAsked.model_validate(_asked(job_id, query)))
    except ValidationError:
        return _page(request, parts, job_id, fault="There is no such result; choose one here.")
    except GenshareError as error:
        return _page(request, parts, job_id, fault=_told(error))
    return _page(request, parts, job_id, review=review)


@router.post("/jobs/{job_id}/receipt")
async def send_receipt(
    job_id: str, request: Request, parts: PartsDep, caller: CallerDep
) -> Response:
    """Sign and send exactly what was shown."""
    given = await sent(request)
    return await to_thread.run_sync(_send, request, parts, job_id, caller.name, given)


def _send(request: Request, parts: Parts, job_id: str, by: str, given: Given) -> Response:
    approval = {**_asked(job_id, given), "by": by, "digest": _last(given, "digest")}
    try:
        review = parts.receipts.send(ReceiptApproval.model_validate(approval))
    except ValidationError:
        return _page(request, parts, job_id, fault="Open this page again, and send it there.")
    except GenshareError as error:
        return _page(request, parts, job_id, fault=_told(error))
    return _page(request, parts, job_id, review=review, was_sent=True)


def _asked(job_id: str, given: Given) -> dict[str, Any]:
    fraction = _last(given, "train_fraction")
    return {
        "study_job": job_id,
        "arm": _last(given, "arm"),
        "classifier": _last(given, "classifier"),
        "train_fraction": float(fraction) if fraction.replace(".", "", 1).isdigit() else fraction,
    }


def _page(
    request: Request,
    parts: Parts,
    job_id: str,
    *,
    review: ReceiptReview | None = None,
    was_sent: bool = False,
    fault: str = "",
) -> Response:
    return parts.site.page(
        request,
        "receipt.html.j2",
        status=422 if fault else 200,
        job_id=job_id,
        places=parts.receipts.places(job_id),
        review=review,
        was_sent=was_sent,
        fault=fault,
    )


def _told(error: GenshareError) -> str:
    return f"{as_sentence(str(error))} {error.hint}"


def _last(given: Given, name: str) -> str:
    return (given.get(name) or [""])[-1]
