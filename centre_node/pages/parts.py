"""What the routes of pages have at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import RedirectResponse

from centre_node.access import NodeAccess
from centre_node.connection.errors import NoHubError
from centre_node.connection.service import Connection
from centre_node.datasets.service import Datasets
from centre_node.datasets.usual_cutting import usual_spacing_mm
from centre_node.jobs.service import Jobs
from centre_node.ledger.service import Releases
from centre_node.mammography.datasets import DataFolders
from centre_node.pages.generator_views import (
    generator_choices,
    residual_generators,
    trained_lines,
    training_choices,
)
from centre_node.pages.job_forms import AtHand
from centre_node.pages.policy_words import policy_sentences
from centre_node.privacy.errors import ReleasePolicyError
from centre_node.privacy.policy_file import policy_of
from centre_node.pulled.service import PulledGenerators
from centre_node.receipts.service import StudyReceipts
from centre_node.reviewers import Reviewers
from centre_node.settings import Settings
from node_api.connection import HubConnection
from shared.access import Role, requires
from signing.keys import SigningKey
from web_pages.forms import read_form
from web_pages.routing import PageRoute
from web_pages.site import Site

FRAMED = "frame-src 'self'"


@dataclass(frozen=True, slots=True)
class Parts:
    """The services behind the pages."""

    site: Site
    settings: Settings
    folders: DataFolders
    jobs: Jobs
    datasets: Datasets
    connection: Connection
    pulled: PulledGenerators
    releases: Releases
    receipts: StudyReceipts
    key: SigningKey
    access: NodeAccess
    reviewers: Reviewers

    @property
    def jobs_folder(self) -> Path:
        """Where jobs' files lie."""
        return self.settings.data_dir / "jobs"

    def hub(self) -> HubConnection | None:
        """Return the hub that the node is connected to, if any."""
        try:
            return self.connection.current()
        except NoHubError:
            return None

    def policy_told(self) -> tuple[Sequence[str], str]:
        """Return the release policy in sentences, and why it cannot be read, or ""."""
        try:
            policy = policy_of(self.settings.data_dir, self.settings.release_policy)
        except ReleasePolicyError as error:
            return (), f"The policy cannot be read, so nothing leaves. {error.hint}"
        return policy_sentences(policy), ""

    def at_hand(self) -> AtHand:
        """Return what jobs can be about."""
        datasets, pulled = self.datasets.all(), self.pulled.all()
        spacings = {one.name: usual_spacing_mm(one) for one in datasets}
        return AtHand(
            datasets=tuple(one.name for one in datasets),
            lesions={one.name: one.summary.kinds for one in datasets},
            spacings_mm={name: mm for name, mm in spacings.items() if mm is not None},
            trainings=training_choices(trained_lines(self.jobs.all())),
            generators=generator_choices(pulled),
            residuals=residual_generators(pulled),
        )


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


def staff_router() -> APIRouter:
    """Return a router whose pages only the centre's staff see."""
    return APIRouter(
        route_class=PageRoute,
        include_in_schema=False,
        dependencies=[requires(Role.STAFF, purpose="use this node")],
    )


async def sent(request: Request) -> Mapping[str, Sequence[str]]:
    """Return every value of each field of a form."""
    form = await read_form(request)
    return {name: form.getlist(name) for name in form}


def lead_to(path: str) -> Response:
    """Return what leads a browser to a page after a change."""
    return RedirectResponse(path, status_code=status.HTTP_303_SEE_OTHER)


def framing(response: Response) -> Response:
    """Let a page show another one of this node in a frame of it."""
    policy = response.headers["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = f"{policy}; {FRAMED}"
    return response
