"""Errors that the hub reports to its callers."""

from shared.access import Caller
from shared.problems import GenshareError


class HubError(GenshareError, code="GS-1000", status=500):
    """Base of the hub's errors."""


class NotAllowedError(
    HubError,
    code="GS-1001",
    status=401,
    title="Not allowed",
    hint="Send `Authorization: Bearer TOKEN`; `genshare hub invite CENTRE` makes a token.",
):
    """The token is missing or wrong."""


class ForeignCentreError(
    HubError,
    code="GS-1002",
    status=403,
    title="Another centre's name",
    hint="Publish under the name that the token was made for.",
):
    """A centre may publish under its own name only."""


class CentreExistsError(
    HubError,
    code="GS-1003",
    status=409,
    title="Centre exists",
    hint="Ask with `renew` (--renew) for a new token; the old one stops working.",
):
    """The centre is enrolled already."""


class AdministratorOnlyError(
    HubError,
    code="GS-1004",
    status=403,
    title="For the administrator only",
    hint="Ask the hub's operator, who enrols centres with `genshare hub invite CENTRE`.",
):
    """A centre asks for what only the administrator may do."""

    def __init__(self, sentence: str, *, caller: Caller) -> None:
        super().__init__(sentence)
        self.caller = caller


class CentreNotFoundError(
    HubError,
    code="GS-1005",
    status=404,
    title="No such centre",
    hint="See the hub's page Centres, or ask GET /api/v1/centres.",
):
    """No centre of that name is enrolled."""


class GeneratorNotFoundError(
    HubError,
    code="GS-1101",
    status=404,
    title="No such generator",
    hint="`genshare list` shows the generators; a program asks GET /api/v1/generators.",
):
    """No generator has that name and version."""


class FileNotInVersionError(
    HubError,
    code="GS-1102",
    status=404,
    title="No such file",
    hint="The version's manifest lists its files.",
):
    """The version has no file of that name."""


class BlobNotFoundError(
    HubError,
    code="GS-1103",
    status=404,
    title="No such blob",
    hint="Upload it with PUT /api/v1/blobs/{digest}.",
):
    """No file with that digest is stored."""


class StatementNotFoundError(
    HubError,
    code="GS-1104",
    status=404,
    title="No statement",
    hint="Its centre can publish it again, with a genshare that states something of its audit.",
):
    """Nothing is stated of a version's audit."""


class BlobDigestError(
    HubError,
    code="GS-1201",
    title="Digest mismatch",
    hint="The upload was damaged or cut off; send it again.",
):
    """The uploaded bytes do not have the digest of the URL."""


class BlobTooLargeError(
    HubError,
    code="GS-1202",
    status=413,
    title="File too large",
    hint="Ask the hub's operator to raise HUB_MAX_FILE_BYTES.",
):
    """The upload is larger than the hub allows."""


class HubDiskFullError(
    HubError,
    code="GS-1203",
    status=507,
    title="The hub's disk is full",
    hint="Ask the hub's operator to free space, then send it again.",
):
    """The hub's disk is full."""


class FilesUnavailableError(
    HubError,
    code="GS-1400",
    status=503,
    title="Files unavailable",
    hint="Try again; if it stays so, ask the hub's operator to look into the hub's log.",
):
    """The place where a hub keeps its files does not answer."""

    retry_after_seconds = 10


class PublicationRefusedError(
    HubError,
    code="GS-1204",
    title="Publication refused",
    hint="Build the package again and publish that.",
):
    """Card and manifest do not fit each other or the URL."""


class MissingBlobsError(
    HubError,
    code="GS-1205",
    status=409,
    title="Files missing",
    hint="Upload the missing files, then publish again.",
):
    """Files of the manifest have not been uploaded."""


class QuotaUsedUpError(
    HubError,
    code="GS-1206",
    status=507,
    title="Quota used up",
    hint="Publish or drop what is uploaded, or ask the hub's operator to raise the setting.",
):
    """A centre has stored or published as much as the hub allows it."""


class UploadStalledError(
    HubError,
    code="GS-1207",
    status=408,
    title="Upload stalled",
    hint="Send it again.",
):
    """An upload stopped coming."""


class StatementExistsError(
    HubError,
    code="GS-1208",
    status=409,
    title="Another statement is there",
    hint="What was stated stays; publish a package of its own to state something else.",
):
    """A version has a statement already, and what was sent is another."""


class StateNotReachedError(
    HubError,
    code="GS-1320",
    status=409,
    title="State not reached",
    hint="docs/life-cycle.md has the table of changes; GET .../state tells what the version is.",
):
    """A version is asked to become what it cannot become from what it is."""


class StateNotAllowedError(
    HubError,
    code="GS-1321",
    status=403,
    title="Change of state not allowed",
    hint="docs/life-cycle.md has the table of who may change what.",
):
    """A change of state is for somebody else."""


class StateRefusedError(
    HubError,
    code="GS-1322",
    title="Change of state refused",
    hint="Say the reason in plain words, without dates, numbers of records or addresses; name a "
    "replacement that can be fetched.",
):
    """The reason or the replacement that a change names will not do."""


class VersionWithdrawnError(
    HubError,
    code="GS-1323",
    status=410,
    title="Version withdrawn",
    hint="Use the replacement, if one is named. Whoever has the generator finds what used it with "
    "genshare study uses.",
):
    """A version that was withdrawn is not served any more."""


class VersionQuarantinedError(
    HubError,
    code="GS-1324",
    status=403,
    title="Version quarantined",
    hint="Ask the hub's operator, who can release it again.",
):
    """The operator has stopped a version from being served."""


class AliasNotFoundError(
    HubError,
    code="GS-1325",
    status=404,
    title="No such alias",
    hint="Leave --alias out for the latest version; a program asks GET .../aliases for them.",
):
    """A generator has no alias of that name."""


class AliasRefusedError(
    HubError,
    code="GS-1326",
    status=409,
    title="Alias refused",
    hint="Point it at a version that is approved or deprecated.",
):
    """An alias was to point at what nobody can fetch, or there are too many."""


class ConditionMissingError(
    HubError,
    code="GS-1327",
    status=428,
    title="Condition missing",
    hint="Read what is there and send its ETag as If-Match; send If-None-Match: * for a new one.",
):
    """What others may have changed meanwhile is changed on a condition only."""


class NoSuchEntryError(
    HubError,
    code="GS-1300",
    status=404,
    title="No such entry",
    hint="Ask GET /api/v1/log/head which entry is the newest. Where the log was longer before, it "
    "was shortened: ask the hub's operator.",
):
    """The audit log has no entry of that number."""


class TooManyListenersError(
    HubError,
    code="GS-1328",
    status=429,
    title="Too many streams",
    hint="Close a stream, or ask for pages with GET /api/v1/events?after=N.",
):
    """A caller, or all together, listen to events as often as they may."""

    retry_after_seconds = 30


class HubChangedError(
    HubError,
    code="GS-1301",
    status=500,
    title="The hub was changed",
    hint="Keep a copy of the folder as it is, and find out who could write to it; "
    "docs/audit-log.md says what each finding means.",
):
    """An entry of the log, a file or a record is not as it was written."""


class NoHubError(
    HubError,
    code="GS-1302",
    title="No hub",
    hint="Name what the hub is served from: --data-dir or HUB_DATA_DIR, or HUB_DATABASE_URL.",
):
    """A folder holds no hub."""


class OtherTablesError(
    HubError,
    code="GS-1304",
    title="Hub of another version",
    hint="Check it with the version that made it, or serve it once with this one, which brings an "
    "older hub up to date; keep a copy of the folder first.",
):
    """A hub's database has the tables of another version of genshare."""


class HubNotKeptError(
    HubError,
    code="GS-1303",
    status=507,
    title="Hub not kept",
    hint="Name a new folder or file on a disk with room that can be written.",
):
    """A hub cannot be written to a file, or taken in from one."""


class UseExpiredError(
    HubError,
    code="GS-1329",
    status=410,
    title="Use expired",
    hint="Ask the contact on its card for a version that may still be used.",
):
    """A version's terms end its use on a day that has passed."""


class NotForThisCentreError(
    HubError,
    code="GS-1330",
    status=403,
    title="Not for this centre",
    hint="Ask the contact on its card.",
):
    """A version's terms name the centres that may have it, and the caller is none of them."""
