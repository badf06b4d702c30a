"""`genshare publish`: a trained generator, or a package as it is, to a hub."""

import sys
from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Any

import typer

from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.privacy.policy_file import read_policy
from centre_node.privacy.waivers import check_waiver
from centre_node.sharing.before_release import weights_to_publish
from centre_node.sharing.errors import NotApprovedError
from centre_node.sharing.kept_terms import (
    PUBLISH_FILE,
    ask_on_terminal,
    forgotten_if_refused,
    option,
    remember_terms,
    settled_terms,
    settled_use,
)
from centre_node.sharing.own_package import build_anew
from centre_node.sharing.proportions import Ensemble, Proportions, chosen_proportions
from centre_node.sharing.publish import guarantee_on
from centre_node.sharing.publish_options import (
    AsDraft,
    AuditGiven,
    DryRun,
    Folder,
    LedgerGiven,
    PageGiven,
    PolicyGiven,
    SamplesGiven,
    TermsGiven,
    UseGiven,
    WaiverKey,
    WaiverReason,
)
from centre_node.sharing.release import AUDIT, Audit, Candidate, Gate, Release, Sent, read_audit
from centre_node.sharing.review_commands import Approved, Asked, check_approved
from centre_node.sharing.reviews import collapse_of, review_lines, review_of
from centre_node.training.errors import TrainingFolderError
from centre_node.training.folder import PATCHES, TRAINED, read_trained
from centre_node.training.patients import trained_patients
from node_api.connection import ConnectedHub
from node_api.release import ReleasePolicy
from shared.command_options import Json, with_options
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named
from shared.hub_client import HubClient, connect
from shared.hub_options import DEFAULT_URL, AllowUnencrypted, HubUrl, Token
from shared.packages import MANIFEST, Package, open_package
from shared.progress import shown
from shared.publishable import check_publishable
from shared.statements import StatedWaiver, statement_sentence
from shared.states import APPROVED, IN_WORDS
from shared.terms import UseLimits
from signing.keys import SigningKey, read_key
from signing.places import SigningKeyGiven, key_file

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
@with_options
def publish(
    folder: Folder,
    given: TermsGiven,
    use: UseGiven,
    ensemble: Ensemble = False,
    proportions: Proportions = None,
    samples: SamplesGiven = 0,
    dry_run: DryRun = False,
    draft: AsDraft = False,
    policy: PolicyGiven = None,
    ledger: LedgerGiven = None,
    audit: AuditGiven = None,
    page: PageGiven = None,
    waiver_reason: WaiverReason = None,
    waiver_key: WaiverKey = None,
    review: Asked = False,
    approve: Approved = None,
    signing_key: SigningKeyGiven = None,
    hub_url: HubUrl = DEFAULT_URL,
    token: Token = None,
    allow_unencrypted: AllowUnencrypted = False,
    json: Json = False,
) -> None:
    """Publish a trained generator to a hub, under a name and terms.

    Of a training's folder a package is made first, in package/ there: card, weights and digests,
    and nothing else leaves. Name and terms are asked for on a terminal where they are missing, and
    publish.toml in the folder remembers them and the limits of use, unless the hub refuses. A
    package is sent as it is; its card has name and terms already. Published twice, it is the same
    version. Before, the centre's policy decides: by the audit of these very weights, if there is
    one. What it decided is written to the ledger, and what may be told of the audit is published
    beside the package. privacy.html is for the officer who signs; with --dry-run it is written and
    nothing is sent. Where there is a key, the version is signed.

    Examples:
      GENSHARE_HUB_TOKEN=... genshare publish trained

      GENSHARE_HUB_TOKEN=... genshare publish trained --centre centre-b --name masses
      --title "Masses, 64 px" --licence "CC BY 4.0" --use-terms "Research only"
      --contact research@example.org --hub-url https://hub.example.org

      genshare publish trained --centre centre-b --name masses --title "Masses, 64 px"
      --licence "CC BY 4.0" --use-terms "Research only" --contact research@example.org
      --proportion weights-epoch-0500.safetensors=1 --proportion weights.safetensors=3 --dry-run

      GENSHARE_HUB_TOKEN=... genshare publish optimam --policy release-policy.toml --review
    """
    hub = None
    if not dry_run:
        hub = connect(hub_url, token, allow_unencrypted=allow_unencrypted)
    chosen = chosen_proportions(proportions, ensemble=ensemble)
    rules = ReleasePolicy() if policy is None else read_policy(policy)
    waiver = _waiver(rules, key=waiver_key, reason=waiver_reason)
    found = _audit(folder, audit)
    book = LedgerStore(ledger or folder.absolute().parent / LEDGER)
    with forgotten_if_refused(folder):
        package = _package(
            folder, given, use, book, ensemble=ensemble, proportions=chosen, samples=samples
        )
        pages = page or (None if package.folder == folder else folder)
        key = _key(signing_key)
        gate = Gate(rules, book, pages, key)
        release = gate.decide(_candidate(folder, package, found, waiver), keep=not dry_run)
        if review or approve or rules.review == "person":
            _review(gate, release, hub_url, approve, dry_run=dry_run)
        sent = None if hub is None else _sent(gate, release, hub, draft=draft)
    done = "built, and not sent" if sent is None else _done(sent, hub_url)
    sys.stderr.write("" if sent is None else _signed(sent, key))
    sys.stdout.write(_as_json(release, sent) if json else _as_lines(release, done))


def _review(
    gate: Gate, release: Release, hub_url: str, approved: str | None, *, dry_run: bool
) -> None:
    """Show what would be sent; have it approved where it is about to be."""
    card = release.package.card
    hub = ConnectedHub(centre=card.centre, url=hub_url)
    review = review_of(release, hub, gate.policy, collapse=collapse_of(card.fidelity))
    if dry_run:
        sys.stderr.writelines(f"{line}\n" for line in review_lines(review))
        return
    try:
        check_approved(review, approved)
    except NotApprovedError:
        gate.ledger.turned_away(release.package.digest)
        raise


def _waiver(policy: ReleasePolicy, *, key: str | None, reason: str | None) -> StatedWaiver | None:
    if reason is None:
        return None
    if not key:
        raise typer.BadParameter("--waiver-reason needs --waiver-key, or GENSHARE_WAIVER_KEY")
    return check_waiver(policy, key=key, reason=reason)


def _key(given: Path | None) -> SigningKey | None:
    """Return the centre's key; one that was named must be there."""
    file = key_file(given)
    return read_key(file) if given is not None or file.exists() else None


def _signed(sent: Sent, key: SigningKey | None) -> str:
    if key is None:
        return "not signed: there is no key; genshare key make makes one\n"
    return f"signed with the key {key.public.fingerprint}\n" if sent.signed else ""


def _audit(folder: Path, given: Path | None) -> Audit | None:
    """Return the audit that is to decide; one that was named must be there."""
    found = read_audit(given or folder / AUDIT)
    if found is None and given is not None:
        raise typer.BadParameter(f"--audit {given} is not there")
    return found


def _candidate(
    folder: Path, package: Package, audit: Audit | None, waiver: StatedWaiver | None
) -> Candidate:
    """Return the package with all that is known of it; of one that was not built here, little."""
    trained, guarantee = None, guarantee_on(package.card)
    if package.folder != folder:
        trained = read_trained(folder)
    if trained is None:
        return Candidate(
            package,
            audit=audit,
            patient_count=package.card.training_set.patients,
            differential_privacy=guarantee,
            waiver=waiver,
        )
    return Candidate(
        package,
        audit=audit,
        differential_privacy=guarantee,
        patients=trained_patients(trained.data_set, folder, folder / PATCHES),
        patient_count=trained.patients,
        waiver=waiver,
        built_here=True,
    )


def _as_json(release: Release, sent: Sent | None) -> str:
    package = release.package
    document = {
        "folder": str(package.folder),
        "centre": package.card.centre,
        "name": package.card.name,
        "version": None if sent is None else sent.record.version,
        "state": None if sent is None else sent.record.state,
        "new": sent is not None and sent.package,
        "manifest_digest": package.digest,
        "verdict": release.decision.verdict,
        "waived": release.statement.waiver is not None,
    }
    return dumps(document) + "\n"


def _as_lines(release: Release, done: str) -> str:
    package = release.package
    card = package.card
    return (
        f"{card.centre}/{card.name}: {done}; {package.folder}, manifest sha256 {package.digest}\n"
        f"{statement_sentence(release.statement)}\n"
        f"limits of use: {card.use or 'none'}\n"
    )


def _sent(gate: Gate, release: Release, hub: HubClient, *, draft: bool) -> Sent:
    with shown() as report:
        return gate.send(release, hub, draft=draft, on_progress=report)


def _done(sent: Sent, hub_url: str) -> str:
    state = sent.record.state
    as_what = "" if state == APPROVED else f" ({IN_WORDS[state]})"
    where = f"published as version {sent.record.version}{as_what} on {hub_url}"
    if sent.package:
        return where
    return f"already {where}, {'its statement' if sent.statement else 'nothing'} was sent"


def _package(
    folder: Path,
    given: Mapping[str, Any],
    use: UseLimits,
    ledger: LedgerStore,
    *,
    ensemble: bool,
    proportions: Mapping[str, float],
    samples: int,
) -> Package:
    """Return the package that a folder is, or the one that is made of it."""
    if not (folder / MANIFEST).is_file():
        return _built(
            folder, given, use, ledger, ensemble=ensemble, proportions=proportions, samples=samples
        )
    settled = {
        "--ensemble": ensemble,
        "--proportion": proportions,
        "--samples": samples,
        "limits of use": use,
    }
    too_much = [option(name) for name in given]
    too_much += [option for option, is_given in settled.items() if is_given]
    if too_much:
        raise typer.BadParameter(
            f"{folder} is a package, whose card and weights are settled; leave out "
            f"{', '.join(too_much)}"
        )
    package = open_package(folder)
    check_publishable(package)
    return package


def _built(
    folder: Path,
    given: Mapping[str, Any],
    use: UseLimits,
    ledger: LedgerStore,
    *,
    ensemble: bool,
    proportions: Mapping[str, float],
    samples: int,
) -> Package:
    trained = read_trained(folder)
    if trained is None:
        raise TrainingFolderError(
            f"{folder} is no package, and holds no {TRAINED} of a finished training"
        )
    profile = Path(typer.get_app_dir("genshare")) / PUBLISH_FILE
    ask = ask_on_terminal if sys.stdin.isatty() else None
    terms = settled_terms(folder, given, profile=profile, ask=ask)
    limits = settled_use(folder, use, profile=profile)
    weights = weights_to_publish(folder, ensemble=ensemble, proportions=proportions)
    with write_faults_named(folder, PackageNotKeptError, full=PackageNotKeptError):
        package = build_anew(
            folder,
            weights,
            trained,
            terms,
            proportions=proportions,
            samples=samples,
            keep=ledger.has_released,
            use=limits,
        )
        remember_terms(folder, terms, limits)
    return package
