"""Pages of generators: trained here, published, pulled, and what the hub says of them now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import Request, Response

from centre_node.connection.service import fetches_told
from centre_node.ledger.errors import LedgerError
from centre_node.pages.generator_views import (
    Offered,
    by_others,
    offered,
    packages_in_review,
    sent_in_words,
    trained_lines,
)
from centre_node.pages.parts import Parts, PartsDep, staff_router
from centre_node.pages.wording import as_sentence
from node_api.connection import HubConnection
from node_api.ledger import LedgerEntry
from shared.hub_client import connect
from shared.hub_exchange import HubLimits
from shared.problems import GenshareError
from shared.records import Fetched
from shared.repeats import Patience

router = staff_router()
MOST_DECISIONS = 20
ASKED_SECONDS = 5.0
IMPATIENT = HubLimits(
    call_seconds=ASKED_SECONDS,
    silence_seconds=ASKED_SECONDS,
    listing_seconds=2 * ASKED_SECONDS,
    patience=Patience(pauses=()),
)
"""A person waits for the page: a hub that does not answer soon is said not to."""


@dataclass(frozen=True, slots=True)
class AtHub:
    """What the hub offers, and who fetched ours; `fault` and `untold` say why it does not say."""

    offered: Sequence[Offered] = ()
    fault: str = ""
    fetched: Sequence[Fetched] = ()
    untold: str = ""
    more: bool = False


@router.get("/generators")
def show_generators(request: Request, parts: PartsDep, ask: str = "") -> Response:
    """Show the generators here; what the hub says only where it was asked for."""
    hub = parts.hub()
    ledger_fault = ""
    entries: Sequence[LedgerEntry] = ()
    try:
        entries = parts.releases.read(most=MOST_DECISIONS).entries
    except LedgerError as error:
        ledger_fault = f"{as_sentence(str(error))} {error.hint}"
    jobs = parts.jobs.all()
    in_review = packages_in_review(jobs)
    return parts.site.page(
        request,
        "generators.html.j2",
        trained=trained_lines(jobs),
        ledger=[(entry, sent_in_words(entry, in_review)) for entry in entries],
        ledger_fault=ledger_fault,
        pulled=parts.pulled.all(),
        hub=hub,
        at_hub=_ask(parts, hub) if ask == "hub" and hub is not None else None,
    )


@router.get("/generators/hub")
def show_hub(request: Request, parts: PartsDep) -> Response:
    """Show what the hub offers, as a part of the page above."""
    hub = parts.connection.current()
    return parts.site.page(request, "at_hub.html.j2", hub=hub, at_hub=_ask(parts, hub))


def _ask(parts: Parts, hub: HubConnection) -> AtHub:
    open_too = parts.settings.allow_unencrypted
    try:
        client = connect(hub.url, hub.token, IMPATIENT, allow_unencrypted=open_too)
        records = list(client.generators())
    except GenshareError as error:
        return AtHub(fault=f"The hub does not say: {error}.")
    found = AtHub(offered(records, parts.pulled.all(), centre=hub.centre))
    try:
        told = fetches_told(client, hub.centre)
    except GenshareError as error:
        return replace(found, untold=f"{as_sentence(str(error))} {error.hint}")
    return replace(found, fetched=by_others(told.items, hub.centre), more=told.more)
