"""Errors that the hub reports to its callers.

* HubError
  x NotAllowedError              GS-1001  401
  x ForeignCentreError           GS-1002  403
  x CentreExistsError            GS-1003  409
  x AdministratorOnlyError       GS-1004  403
  x GeneratorNotFoundError       GS-1101  404
  x FileNotInVersionError        GS-1102  404
  x BlobNotFoundError            GS-1103  404
  x BlobDigestError              GS-1201  422
  x BlobTooLargeError            GS-1202  413
  x HubDiskFullError             GS-1203  507
  x PublicationRefusedError      GS-1204  422
  x MissingBlobsError            GS-1205  409
"""

from shared.problems import GenshareError


class HubError(GenshareError):
    """Base of the hub's errors."""

    code = "GS-1000"


class NotAllowedError(HubError):
    """The token is missing or wrong."""

    code = "GS-1001"
    status = 401
    title = "Not allowed"
    hint = "Send `Authorization: Bearer TOKEN`; `genshare hub invite CENTRE` makes a token."


class ForeignCentreError(HubError):
    """A centre may publish under its own name only."""

    code = "GS-1002"
    status = 403
    title = "Another centre's name"
    hint = "Publish under the name that the token was made for."


class CentreExistsError(HubError):
    """The centre is enrolled already."""

    code = "GS-1003"
    status = 409
    title = "Centre exists"
    hint = "Ask with `renew` (--renew) for a new token; the old one stops working."


class AdministratorOnlyError(HubError):
    """A centre asks for what only the administrator may do."""

    code = "GS-1004"
    status = 403
    title = "For the administrator only"
    hint = "Ask the hub's operator, who enrols centres with `genshare hub invite CENTRE`."


class GeneratorNotFoundError(HubError):
    """No generator has that name and version."""

    code = "GS-1101"
    status = 404
    title = "No such generator"
    hint = "List the generators with GET /api/v1/generators."


class FileNotInVersionError(HubError):
    """The version has no file of that name."""

    code = "GS-1102"
    status = 404
    title = "No such file"
    hint = "The version's manifest lists its files."


class BlobNotFoundError(HubError):
    """No file with that digest is stored."""

    code = "GS-1103"
    status = 404
    title = "No such blob"
    hint = "Upload it with PUT /api/v1/blobs/{digest}."


class BlobDigestError(HubError):
    """The uploaded bytes do not have the digest of the URL."""

    code = "GS-1201"
    status = 422
    title = "Digest mismatch"
    hint = "The upload was damaged or cut off; send it again."


class BlobTooLargeError(HubError):
    """The upload is larger than the hub allows."""

    code = "GS-1202"
    status = 413
    title = "File too large"
    hint = "Ask the hub's operator to raise HUB_MAX_FILE_BYTES."


class HubDiskFullError(HubError):
    """The hub's disk is full."""

    code = "GS-1203"
    status = 507
    title = "The hub's disk is full"
    hint = "Ask the hub's operator to free space, then send it again."


class PublicationRefusedError(HubError):
    """Card and manifest do not fit each other or the URL."""

    code = "GS-1204"
    status = 422
    title = "Publication refused"
    hint = "Build the package again and publish that."


class MissingBlobsError(HubError):
    """Files of the manifest have not been uploaded."""

    code = "GS-1205"
    status = 409
    title = "Files missing"
    hint = "Upload the missing files, then publish again."
