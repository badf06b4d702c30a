"""Settings: the hub, the policy as sentences, and whether the machine will do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anyio import to_thread
from fastapi import Request, Response
from pydantic import ValidationError

from centre_node.pages.forms import (
    FieldGroup,
    Form,
    blank_field,
    checked,
    document_of,
    faults_of,
)
from centre_node.pages.health import TONES, look_at_node
from centre_node.pages.parts import Parts, PartsDep, lead_to, sent, staff_router
from centre_node.pages.wording import as_sentence
from node_api.connection import HubConnection, HubJoining
from node_api.release import POLICY_FILE
from shared.problems import GenshareError

router = staff_router()
JOIN_PREFIX = "gsj_"
"""What join tokens of a hub begin with."""


@router.get("/settings")
def show_settings(request: Request, parts: PartsDep) -> Response:
    """Show the settings."""
    return _settings(request, parts, hub_form(parts.hub()))


@router.post("/settings/hub")
async def join(request: Request, parts: PartsDep) -> Response:
    """Connect to a hub, once it has answered and accepted the token."""
    given = await sent(request)
    return await to_thread.run_sync(_join, request, parts, given)


@router.post("/settings/hub/delete")
def leave(parts: PartsDep) -> Response:
    """Forget the hub and its token, unless a job needs them."""
    with parts.jobs.unneeded("hub", parts.connection.hub().url):
        parts.connection.leave()
    return lead_to("/settings")


def hub_form(hub: HubConnection | None) -> Form:
    """Ask for a hub; a token that is kept is never filled in."""
    fields = (
        replace(
            blank_field(HubConnection, "url"),
            label="Address of the hub",
            help="Such as https://hub.example.org.",
            value="" if hub is None else hub.url,
        ),
        replace(
            blank_field(HubConnection, "centre"),
            label="Name of this centre there",
            value="" if hub is None else hub.centre,
        ),
        replace(
            blank_field(HubConnection, "token"),
            control="secret",
            help="The hub's operator gives it once, with genshare hub invite; one with --join "
            "will do as well.",
        ),
    )
    return Form(
        title="Connect to a hub",
        lead="The hub is asked before anything is kept. The token is not shown again.",
        groups=(FieldGroup("", fields),),
        button="Connect",
        hidden={},
    )


def _settings(request: Request, parts: Parts, form: Form) -> Response:
    policy, fault = parts.policy_told()
    return parts.site.page(
        request,
        "settings.html.j2",
        status=422 if form.is_refused else 200,
        form=form,
        hub=parts.hub(),
        fingerprint=parts.key.public.fingerprint,
        policy=policy,
        policy_fault=fault,
        policy_file=POLICY_FILE,
        findings=tuple(look_at_node(parts.settings, parts.folders)),
        tones=TONES,
    )


def _wanted(typed: HubConnection) -> HubConnection | HubJoining:
    """Return how to join a hub: by a token, or by one that gets the node its own."""
    if not typed.token.startswith(JOIN_PREFIX):
        return typed
    return HubJoining(centre=typed.centre, url=typed.url, join_token=typed.token)


def _join(request: Request, parts: Parts, given: Mapping[str, Sequence[str]]) -> Response:
    form = hub_form(parts.hub()).filled_with({**given, "token": [""]})
    try:
        wanted: HubConnection = checked(HubConnection, document_of(form, given))
        parts.connection.join(_wanted(wanted), parts.key)
    except ValidationError as error:
        return _settings(request, parts, form.with_faults(faults_of(error, form)))
    except GenshareError as error:
        told = f"{as_sentence(str(error))} {error.hint}"
        return _settings(request, parts, form.with_faults([("url", told)]))
    return lead_to("/settings")
