"""Errors of packages and of the way to the hub.

* SharedError
  x PackageError                 GS-2001  422
    x BrokenPackageError         GS-2002  422
    x DigestMismatchError        GS-2003  422
    x WeightsRefusedError        GS-2004  422
      x NotSafetensorsError      GS-2005  422
      x WrongTensorsError        GS-2006  422
      x NonFiniteWeightsError    GS-2007  422
    x NoSuchWeightsError         GS-2008  422
    x PartlyFetchedError         GS-2009  422
  x PackageNotKeptError          GS-2010  507
  x HubUnreachableError          GS-2101  502
  x HubUnreadableError           GS-2102  502
  x HubRefusedError              GS-2103  502
  x HubAddressError              GS-2104  422
  x CannotServeError             GS-2201  500
  x DatabaseUnavailableError     GS-2202  503
"""

from shared.problems import GenshareError, Problem


class SharedError(GenshareError):
    """Base of the errors of this package."""

    code = "GS-2000"


class PackageError(SharedError):
    """A generator package cannot be used."""

    code = "GS-2001"
    status = 422
    title = "Package refused"
    hint = "Build the package again and publish that."


class BrokenPackageError(PackageError):
    """A file of the package is missing, unreadable or not described by its manifest."""

    code = "GS-2002"
    hint = "Name a folder that holds a package; where one is damaged, fetch or build it again."


class DigestMismatchError(PackageError):
    """A file's SHA-256 or size is not the declared one."""

    code = "GS-2003"
    title = "Digest mismatch"
    hint = "The file was damaged or changed on its way; fetch or upload it again."


class WeightsRefusedError(PackageError):
    """A weight file is not what the card's architecture declares."""

    code = "GS-2004"
    title = "Weights refused"
    hint = "Export the generator's weights with genshare, as safetensors."


class NotSafetensorsError(WeightsRefusedError):
    """The file is no safetensors file: pickled, truncated, or with an oversized header."""

    code = "GS-2005"


class WrongTensorsError(WeightsRefusedError):
    """Names, shapes or dtypes differ from the architecture's."""

    code = "GS-2006"


class NonFiniteWeightsError(WeightsRefusedError):
    """A tensor holds NaN or infinity."""

    code = "GS-2007"
    hint = "The training diverged; train again or export an earlier checkpoint."


class NoSuchWeightsError(PackageError):
    """A weight file was asked for that the package does not list."""

    code = "GS-2008"
    title = "No such weights"
    hint = "genshare show lists a version's weight files."


class PartlyFetchedError(PackageError):
    """The whole package is needed, but only some of its weight files were fetched."""

    code = "GS-2009"
    title = "Package partly fetched"
    hint = "Fetch it again to the same folder without naming weights; what is there is kept."


class PackageNotKeptError(SharedError):
    """A package cannot be written to the disk."""

    code = "GS-2010"
    status = 507
    title = "Package not kept"
    hint = "Choose a folder that can be written, on a disk with room."


class HubUnreachableError(SharedError):
    """No answer from the hub."""

    code = "GS-2101"
    status = 502
    title = "Hub unreachable"
    hint = "Check the hub's URL and that it runs, then try again."


class HubUnreadableError(SharedError):
    """The hub's answer is not what its API promises."""

    code = "GS-2102"
    status = 502
    title = "Hub's answer unreadable"
    hint = "Check that the URL is that of a genshare hub of this version."


class HubRefusedError(SharedError):
    """The hub answered with a problem."""

    code = "GS-2103"
    status = 502
    title = "Hub refused"
    hint = "See the hub's reason."

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"the hub refused ({problem.status}, {problem.code}): {problem.detail}")
        self.problem = problem


class HubAddressError(SharedError):
    """The hub's URL or the token cannot be sent as they are."""

    code = "GS-2104"
    status = 422
    title = "Wrong hub URL or token"
    hint = "A URL is like https://hub.example.org; a token is one line, as the hub printed it."


class CannotServeError(SharedError):
    """A service cannot start."""

    code = "GS-2201"
    title = "Cannot start"
    hint = "Change what is named: --port, --host or --data-dir, or the setting."


class DatabaseUnavailableError(SharedError):
    """A service's database cannot be read or written."""

    code = "GS-2202"
    status = 503
    title = "Database unavailable"
    hint = "Try again; if it stays so, look for the request id in the service's log."
