"""Errors of keys, signatures and trust."""

from shared.errors import SharedError


class SigningError(SharedError, code="GS-2300", status=500, title="Signing failed"):
    """Base of the errors of this package."""


class KeyUnusableError(
    SigningError,
    code="GS-2301",
    title="Key unusable",
    hint="genshare key make makes a private key, which --signing-key FILE names; genshare key show "
    "--pem prints its public part.",
):
    """A file or text holds no key that genshare can use."""


class KeyExistsAlreadyError(
    KeyUnusableError,
    code="GS-2311",
    title="Key is there already",
    hint="genshare key show --signing-key FILE shows it; another one needs a file of its own.",
):
    """A key would be made where something lies."""


class KeyReadableError(
    KeyUnusableError,
    code="GS-2312",
    title="Key readable by others",
    hint="If others may have read it, hand over to a new one with genshare key rotate.",
):
    """A private key's file can be read by others than its owner."""


class SignatureRefusedError(
    SigningError,
    code="GS-2302",
    title="Signature refused",
    hint="Do not use what it came with: ask its centre, by another way than the hub.",
):
    """A signature is none, is of something else, or was not made with the key that it names."""


class NotSignedError(
    SigningError,
    code="GS-2303",
    title="Not signed",
    hint="Ask its centre to sign it; genshare trust mode warn --centre CENTRE lets it pass with a "
    "warning.",
):
    """What must be signed is not."""


class KeyNotTrustedError(
    SigningError,
    code="GS-2304",
    title="Key not trusted",
    hint="Ask the centre for its fingerprint, by another way than the hub, and compare; then "
    "genshare trust add CENTRE FINGERPRINT.",
):
    """A signature was made with a key that the receiver does not trust."""


class OwnKeyReplacedError(
    SigningError,
    code="GS-2313",
    title="Another key of this centre is registered",
    hint="Sign with the key that the hub has: name its file with --signing-key, or put it in place "
    "of the one here (a node's is signing-key.pem in its data folder; then start the node again). "
    "genshare key rotate hands over to another one.",
):
    """A centre signs with another key than the one that its hub has of it."""


class TrustFileError(
    SigningError,
    code="GS-2305",
    title="Trust file unusable",
    hint="Mend what is named, or remove the file and pin the centres' keys again.",
):
    """The file that says whose keys are trusted cannot be used."""


class TrustFileMissingError(
    TrustFileError,
    code="GS-2314",
    title="Trust file missing",
    hint="Mend its name; genshare trust add CENTRE FINGERPRINT --trust FILE or genshare trust mode "
    "warn --trust FILE makes a new one.",
):
    """A file of trusted keys was named and is not there."""


class NotKnownHereError(
    SigningError,
    code="GS-2315",
    title="Not known here",
    hint="Mend the name; genshare trust list shows the centres that are known here.",
):
    """A centre or hub was named of which nothing is written down here."""


class StatusUnusableError(
    SigningError,
    code="GS-2306",
    title="Own status unusable",
    hint="Remove the file that is named, or publish again what is to be said something of.",
):
    """What a centre said of its own versions cannot be read or written, or does not name one."""


class StatusRefusedError(
    SigningError,
    code="GS-2307",
    title="The hub contradicts the centre",
    hint="Do not use what the hub gives; ask its operator, and the centre by another way. If the "
    "hub was restored from a backup, genshare trust forget URL begins anew.",
):
    """What a hub gives is not what the centre signed, or is older than what it signed before."""


class StatusMissingError(
    SigningError,
    code="GS-2308",
    title="No valid status",
    hint="Ask the centre to publish again or to run genshare key renew; genshare trust mode warn "
    "--centre CENTRE lets it pass with a warning.",
):
    """A centre's status is missing or has ended, or does not name a version."""


class LogForkedError(
    SigningError,
    code="GS-2309",
    title="The hub's log was rewritten",
    hint="Ask the hub's operator; show others the numbers that are named. If the hub was restored "
    "from a backup, genshare trust forget URL begins anew.",
):
    """A hub's log is not the one that it was."""


class RememberedFileError(
    SigningError,
    code="GS-2310",
    title="File of what was seen unusable",
    hint="Remove the file that is named; what hubs showed before is forgotten then.",
):
    """The file of what hubs showed before cannot be used."""
