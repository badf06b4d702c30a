"""Errors of packages and of the way to the hub."""

import math

from shared.problems import GenshareError, Problem
from shared.safe_text import shown

UNAUTHORIZED = 401
NOT_LET_IN = (
    "Give a token with --token, or in the environment as GENSHARE_HUB_TOKEN; the hub's operator "
    "makes one with `genshare hub invite CENTRE`."
)


class SharedError(GenshareError, code="GS-2000", status=500):
    """Base of the errors of this package."""


class PackageError(
    SharedError,
    code="GS-2001",
    title="Package refused",
    hint="Build the package again and publish that.",
):
    """A generator package cannot be used."""


class BrokenPackageError(
    PackageError,
    code="GS-2002",
    hint="Name a folder that holds a package; where one is damaged, fetch or build it again.",
):
    """A file of the package is missing, unreadable or not described by its manifest."""


class DigestMismatchError(
    PackageError,
    code="GS-2003",
    title="Digest mismatch",
    hint="The file was damaged or changed on its way; fetch or upload it again.",
):
    """A file's SHA-256 or size is not the declared one."""


class WeightsRefusedError(
    PackageError,
    code="GS-2004",
    title="Weights refused",
    hint="Export the generator's weights with genshare, as safetensors.",
):
    """A weight file is not what the card's architecture declares."""


class NotSafetensorsError(WeightsRefusedError, code="GS-2005"):
    """The file is no safetensors file: pickled, truncated, or with an oversized header."""


class WrongTensorsError(WeightsRefusedError, code="GS-2006"):
    """Names, shapes or dtypes differ from the architecture's."""


class NonFiniteWeightsError(
    WeightsRefusedError,
    code="GS-2007",
    hint="The training diverged; train again or export an earlier checkpoint.",
):
    """A tensor holds NaN or infinity."""


class ImpossibleWeightsError(
    WeightsRefusedError,
    code="GS-2011",
    hint="The file was changed or damaged after the training; export the weights again.",
):
    """A tensor holds a value that it cannot have, such as a negative variance."""


class CardRefusedError(
    PackageError,
    code="GS-2012",
    title="Card refused",
    hint="Change what is named, build the package again and publish that.",
):
    """A card says what may not cross the border, or not in the form that it must have."""


class StatementRefusedError(
    PackageError,
    code="GS-2013",
    title="Statement refused",
    hint="A receiver fetches the package again to a new folder; its centre publishes it again.",
):
    """A statement speaks of another package, was changed, or is none."""


class SamplesRefusedError(
    PackageError,
    code="GS-2019",
    title="Samples refused",
    hint="Build the package again; genshare publish --samples draws the picture.",
):
    """The picture of synthetic patches is not of the one form that it may have."""


class NoSuchWeightsError(
    PackageError,
    code="GS-2008",
    title="No such weights",
    hint="genshare show lists a version's weight files.",
):
    """A weight file was asked for that the package does not list."""


class GeneratorWithdrawnError(
    PackageError,
    code="GS-3600",
    status=409,
    title="Generator withdrawn",
    hint="Use the replacement, if one is named; --withdrawn-too (`withdrawn_too` of a job) uses it "
    "all the same. genshare study uses finds what used it before.",
):
    """A generator was withdrawn or quarantined after it was fetched."""


class PartlyFetchedError(
    PackageError,
    code="GS-2009",
    title="Package partly fetched",
    hint="Fetch it again to the same folder without naming weights; what is there is kept.",
):
    """The whole package is needed, but only some of its weight files were fetched."""


class ArchiveRefusedError(
    SharedError,
    code="GS-2014",
    title="Archive refused",
    hint="Copy the file again from where it was made, or make it again there.",
):
    """A file of one package or one hub is none, was changed, or stands in the way of another."""


class PackageNotKeptError(
    SharedError,
    code="GS-2010",
    status=507,
    title="Package not kept",
    hint="Choose a folder that can be written, on a disk with room.",
):
    """A package cannot be written to the disk."""


class HubUnreachableError(
    SharedError,
    code="GS-2101",
    status=502,
    title="Hub unreachable",
    hint="Check the hub's URL and that it runs, then try again.",
):
    """No answer from the hub."""


class HubUnreadableError(
    SharedError,
    code="GS-2102",
    status=502,
    title="Hub's answer unreadable",
    hint="Check that the URL is that of a genshare hub of this version.",
):
    """The hub's answer is not what its API promises."""


class HubRefusedError(
    SharedError, code="GS-2103", status=502, title="Hub refused", hint="See the hub's reason."
):
    """The hub answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        reason = f"{problem.status}, {shown(problem.code, 20)}): {shown(problem.detail)}"
        super().__init__(f"the hub refused ({reason}")
        self.problem = problem
        advice = shown(problem.hint) or self.hint
        self.hint = NOT_LET_IN if problem.status == UNAUTHORIZED else advice


class HubTurnedAwayError(HubRefusedError, code="GS-2241", status=502, title="Turned away"):
    """The hub refused who publishes, before it was sent anything of the package."""


class WrongArgumentError(
    SharedError,
    ValueError,
    code="GS-2242",
    title="Wrong argument",
    hint="docs/python.md has what each call takes.",
):
    """A program called genshare's interface with a value that it cannot have."""


class HubAddressError(
    SharedError,
    code="GS-2104",
    title="Wrong hub URL or token",
    hint="A URL is like https://hub.example.org; a token is one line, as the hub printed it.",
):
    """The hub's URL or the token cannot be sent as they are, or the URL is no hub's."""


class UnencryptedError(
    SharedError,
    code="GS-2240",
    title="Not encrypted",
    hint="Use the https:// address; on a network inside one machine allow it in words: "
    "--allow-unencrypted or GENSHARE_ALLOW_UNENCRYPTED=true, for a node "
    "NODE_ALLOW_UNENCRYPTED=true, in Python allow_unencrypted=True.",
):
    """A token would be sent to another machine over plain HTTP."""


class CannotServeError(
    SharedError,
    code="GS-2201",
    status=500,
    title="Cannot start",
    hint="Change what is named: --port, --host or --data-dir, or the setting.",
):
    """A service cannot start."""


class DatabaseUnavailableError(
    SharedError,
    code="GS-2202",
    status=503,
    title="Database unavailable",
    hint="Try again; if it stays so, look for the request id in the service's log.",
):
    """A service's database cannot be read or written."""


class WrongHostError(
    SharedError,
    code="GS-2203",
    status=421,
    title="Not this service's name",
    hint="Use the address that it listens on, or have its operator name the host in "
    "HUB_ALLOWED_HOSTS or NODE_ALLOWED_HOSTS.",
):
    """The header `Host` names a service that this one is not, as a rebound name does."""


class TooOftenError(
    SharedError,
    code="GS-2204",
    status=429,
    title="Too many requests",
    hint="Wait as long as the header Retry-After says, then try again.",
):
    """A caller asks more often than a service allows."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = math.ceil(seconds)


class WrongTokensError(TooOftenError, code="GS-2205", status=429, title="Too many wrong tokens"):
    """So many wrong tokens came that a token which may be guessed is not looked at for a while."""


class ServiceDiskFullError(
    SharedError,
    code="GS-2206",
    status=507,
    title="The service's disk is full",
    hint="Ask its operator to free space, then send it again; what is there can be read.",
):
    """A service has no room to write what a request asks for."""


class NotWritableError(
    SharedError,
    code="GS-2207",
    status=503,
    title="Ready for reading only",
    hint="Free space on the disk that is named; until then what is there can be read.",
):
    """A service can read but not write."""


class PreconditionFailedError(
    SharedError,
    code="GS-2208",
    status=412,
    title="Condition does not hold",
    hint="Read what is there now, then ask again with its ETag.",
):
    """A conditional request, and what it speaks of has another state."""


class OutOfSpaceError(
    SharedError,
    code="GS-3301",
    status=507,
    title="Disk full",
    hint="Free space and start it again.",
):
    """The disk is full."""


class FolderInUseError(
    SharedError,
    code="GS-3404",
    status=409,
    title="Folder in use",
    hint="Wait for the other one, or name another folder.",
):
    """Two processes would write the same files."""
