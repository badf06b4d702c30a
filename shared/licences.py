"""The licences that a card may name: SPDX's, and those of data that SPDX does not list."""

DATA_LICENCES = frozenset(
    {
        "As the data set's",
        "TCIA Data Usage Policy",
        "TCIA Restricted License Agreement",
        "OPTIMAM Data Access Agreement",
        "proprietary",
    }
)
LONGEST = 100


def licence_fault(licence: str) -> str | None:
    """Say what keeps a text from naming a licence; None if it does.

    An SPDX identifier may be written with blanks for hyphens, as Creative Commons does: CC BY 4.0.
    """
    if licence in DATA_LICENCES:
        return None
    written = {found for text in (licence, licence.replace(" ", "-")) if (found := _spdx(text))}
    if {licence, licence.replace(" ", "-")} & written:
        return None
    if written:
        return f"it is written {min(written)} in SPDX's list of licences"
    names = ", ".join(sorted(DATA_LICENCES))
    return f"it is no SPDX identifier, such as CC-BY-4.0, and none of: {names}"


def _spdx(text: str) -> str | None:
    """Return SPDX's spelling of an expression of licences; one of somebody's own is none."""
    # Loads SPDX's whole list, which a service that starts does not need yet.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(text) > LONGEST or "licenseref" in text.lower():
        return None
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None
