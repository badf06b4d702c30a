"""Looks for what must not cross the border in a card's texts: of whom, and where from.

A text that is free can say anything. What a program can tell is refused here, with the reason and
never with the words, for they may be a patient's. The licence is of a list; names are of letters
that cannot be mistaken.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from shared.cards import ModelCard
from shared.errors import CardRefusedError
from shared.licences import licence_fault
from shared.terms import Terms

MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
FILE_ENDINGS = (
    "bmp|csv|dcm|dicom|gz|jpe?g|json|nii|np[yz]|pdf|png|pth?|safetensors|tiff?|txt|xlsx?|zip"
)


class Trace(NamedTuple):
    """Something that points at a person, a machine or a file."""

    what: str
    pattern: re.Pattern[str]


def _trace(what: str, pattern: str) -> Trace:
    return Trace(what, re.compile(pattern, re.IGNORECASE))


URL = _trace("a web address", r"\b[a-z]{2,}:/|//|\bwww\.")
E_MAIL = _trace("an e-mail address", r"\S@\S")
TRACES = (
    _trace("a DICOM UID or an address of a machine", r"\d+(?:\.\d+){3,}"),
    _trace(
        "a date, as of a birth or an examination",
        r"(?<!\d)[12]\d{3}[-./_](?:0?[1-9]|1[0-2])[-./_](?:0?[1-9]|[12]\d|3[01])(?!\d)"
        r"|(?<![\dv])(?:0?[1-9]|[12]\d|3[01])[-./_](?:0?[1-9]|[12]\d|3[01])[-./_]"
        r"(?:[12]\d{3}|\d\d)(?!\d)"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\.?[- ]?(?:{MONTHS})\b[-., ]+(?:\d\d){{1,2}}\b"
        rf"|\b(?:{MONTHS})\b[-., ]+\d{{1,2}}(?:st|nd|rd|th)?[-., ]+\d{{4}}\b",
    ),
    _trace(
        "the number of a record or a patient",
        r"\d{6,}|\b\d{2,5}(?:-\d{2,5}){2,}\b|\b[a-z]{1,3}[_-]?\d{5,}"
        r"|\b(?:mrn|pat(?:ient)?[ _-]?(?:id|no|nr)|accession|record|case)\W{0,3}"
        r"(?:no|nr|number|id)?\W{0,3}[a-z]{0,3}\d",
    ),
    _trace("a path", r"(?:^|[\s(,;:'])[~.]{0,2}/\w|\b[a-z]:/|\w+/[\w.-]+/\w"),
    _trace("the name of a file", rf"\w\.(?:{FILE_ENDINGS})\b"),
)
PERSON = _trace(
    "the name of a person",
    r"\b(?:mr|mrs|ms|miss|mme|madame|monsieur|frau|herr|señora?|sra?|signora?)\b\.? "
    r"(?-i:[A-ZÀ-Þ])\w+"
    r"|(?-i:\bpatient,? (?:[A-ZÀ-Þ][a-zß-ÿ]+[ .,;]?){2})",
)
"""A name without a title before it cannot be told from any other word."""

DOI = re.compile(r"(?:https://doi\.org/)?10\.\d{4,9}/[A-Za-z0-9.()/_:;-]{1,100}", re.ASCII)
HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._/-]*)?(?=$|[\s,;)])", re.ASCII)
VERSION = re.compile(
    r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+g[0-9a-f]{7,40}(?:\.d\d{8})?)?",
    re.ASCII,
)
ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE")
"""Whose letters look alike."""


def check_texts(card: ModelCard) -> None:
    """Check everything on a card that is in a person's words.

    Raises:
        CardRefusedError: A text is not plain, or holds what may not cross the border.
    """
    for field, fault in _faults(card):
        raise CardRefusedError(f"the card's {field} is refused: {fault}")


def terms_fault(terms: Terms) -> str | None:
    """Say which of the terms is refused and why; None if none is."""
    return next((f"{field}: {fault}" for field, fault in _term_faults(terms)), None)


def _faults(card: ModelCard) -> Iterator[tuple[str, str]]:
    yield from _term_faults(card)
    for field, text in _prose(card):
        if fault := prose_fault(text):
            yield field, fault
    version = card.training.genshare_version
    if version is not None and not VERSION.fullmatch(version):
        yield "training.genshare_version", "it is no version of a program, such as 0.1.0"
    if card.origin is not None:
        for doi in card.origin.dois:
            if not DOI.fullmatch(doi):
                yield "origin.dois", "an entry is no DOI, such as 10.1117/12.2543506"


def _term_faults(terms: Terms) -> Iterator[tuple[str, str]]:
    found = {
        "title": prose_fault(terms.title),
        "licence": licence_fault(terms.licence),
        "use_terms": prose_fault(terms.use_terms),
        "contact": prose_fault(terms.contact, may_have_address=True),
    }
    yield from ((field, fault) for field, fault in found.items() if fault)


def _prose(card: ModelCard) -> Iterator[tuple[str, str]]:
    yield "training_set.data_set", card.training_set.data_set
    yield "privacy.statement", card.privacy.statement
    if card.use is not None:
        yield "use.purpose", card.use.purpose or ""
    if card.origin is not None:
        yield "origin.model_id", card.origin.model_id
        yield "origin.version", card.origin.version or ""
        yield "origin.publication", DOI.sub("", card.origin.publication or "")
    if card.fidelity is not None:
        yield "fidelity.features", card.fidelity.features
        yield "fidelity.mode_collapse.statement", card.fidelity.mode_collapse.statement
        for name in ("real_real", "synthetic", "other_centre"):
            row = getattr(card.fidelity, name)
            for reason in row.reasons.values() if row is not None else ():
                yield f"fidelity.{name}.reasons", reason


def prose_fault(text: str, *, may_have_address: bool = False) -> str | None:
    """Say what keeps a text from crossing the border; None if nothing does.

    Args:
        may_have_address: Whether it may have e-mail and https addresses, and somebody's name, as
            a contact has.
    """
    if (fault := _letters_fault(text)) is not None:
        return fault
    words = _without_addresses(text) if may_have_address else text
    written = (words, words.replace("_", " "))  # for folders' names have no spaces
    for trace in (URL, E_MAIL, *TRACES, *(() if may_have_address else (PERSON,))):
        if any(map(trace.pattern.search, written)):
            return f"it holds what looks like {trace.what}; say it in other words or leave it out"
    return None


def _without_addresses(text: str) -> str:
    """Return a text whose e-mail and https addresses are only their words, to be screened too."""
    words = HTTPS.sub(lambda found: found[0].removeprefix("https://").replace("/", " "), text)
    return ADDRESS.sub(lambda found: found[0].replace("@", " "), words)


def _letters_fault(text: str) -> str | None:
    for position, character in enumerate(text):
        if unicodedata.category(character)[0] in "CZ" and character != " ":
            return (
                f"character {position + 1} (U+{ord(character):04X}) cannot be seen or changes how "
                "others are shown; take it out"
            )
    if not unicodedata.is_normalized("NFC", text):
        return "a letter and its accent are two characters; write them as one (Unicode's NFC)"
    for word in re.findall(r"\w+", text):
        scripts = {script for letter in word for script in SCRIPTS if _is_of(letter, script)}
        if len(scripts) > 1:
            mixed = " and ".join(sorted(script.title() for script in scripts))
            return f"a word mixes letters of {mixed} that look alike"
    return None


def _is_of(letter: str, script: str) -> bool:
    return unicodedata.name(letter, "").startswith(f"{script} ")
