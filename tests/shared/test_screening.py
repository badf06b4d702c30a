import re
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.cards import ModelCard, Origin
from shared.errors import CardRefusedError
from shared.licences import licence_fault
from shared.screening import check_texts, prose_fault
from tests.packages import a_fidelity_report, write_tiny_package


@pytest.mark.parametrize(
    "text",
    [
        "Masses, 64 px",
        "Hôpital Général, Köln: 2010-2014",
        "Trained on CBIS-DDSM (TCIA); research only, cite the data set.",
        "1010 patients and/or 639 masses, 0.94 mm",
        "Massen aus Αθήνα",
        "Версия 2",
        "masses_v1.2.10",
        "cbis_ddsm_left_2",
        "phantoms-digital-1",
        "No formal privacy guarantee: the weights may reveal something of the training patches.",
        "DCGAN of May, margins of 10 px",
        "Approved by the Patient Data Board; patients of Miss, patient DICOM Images",
    ],
)
def test_plain_words_cross_the_border(text: str) -> None:
    assert prose_fault(text) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /data/patients", "a path"),
        ("from ~/mammograms", "a path"),
        ("in archive/2019/left", "a path"),
        ("of image.dcm", "the name of a file"),
        ("https://example.org", "a web address"),
        ("www.example.org", "a web address"),
        ("C:/images", "a path"),
        ("ask anna@example.org", "an e-mail address"),
        ("1.2.840.10008.5.1.4", "a DICOM UID"),
        ("at 10.0.0.17", "address of a machine"),
        ("case 4711", "the number of a record"),
        ("MRN: 42", "the number of a record"),
        ("patient id 7", "the number of a record"),
        ("P_00038 left", "the number of a record"),
        ("00482913", "the number of a record"),
        ("123-45-6789", "the number of a record"),
        ("born 1961-03-07", "a date"),
        ("born 7.3.1961", "a date"),
        ("it draws Mrs. Miller", "the name of a person"),
        ("Kopie von Frau Müller", "the name of a person"),
        ("a copy of patient Anna Schmidt", "the name of a person"),
        ("03/07/61", "a date"),
        ("born 7 March 1961", "a date"),
        ("March 7th, 1961", "a date"),
        ("Masses_1961-03-07", "a date"),
        ("x7.3.1961", "a date"),
        ("1961_03_07", "a date"),
        ("born_7_March_1961", "a date"),
        ("Mrs_Miller_left", "the name of a person"),
        ("case_42", "the number of a record"),
        ("٤٨٢٩١٣", "the number of a record"),
    ],
)
def test_what_points_at_a_person_or_a_place_is_told_by_its_kind_alone(text: str, what: str) -> None:
    fault = prose_fault(text)

    assert fault is not None
    assert f"looks like {what}" in fault or what in fault
    assert text not in fault


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mas\u200bses", r"character 4 \(U\+200B\) cannot be seen"),
        ("mas\u200dses", r"character 4 \(U\+200D\)"),
        ("\u202emasses", r"character 1 \(U\+202E\)"),
        ("masses\n", r"character 7 \(U\+000A\)"),
        ("mas\u00a0ses", r"character 4 \(U\+00A0\)"),
        ("Ho\u0302pital", "write them as one"),
        ("m\u0430sses", "a word mixes letters of Cyrillic and Latin that look alike"),
        ("m\u03bfsses", "a word mixes letters of Greek and Latin"),
    ],
)
def test_letters_that_deceive_are_refused(text: str, reason: str) -> None:
    assert re.search(reason, str(prose_fault(text)))


@pytest.mark.parametrize(
    ("contact", "passes"),
    [
        ("research@example.org", True),
        ("The centre's data office, https://example.org/contact", True),
        ("http://example.org", False),
        ("https://example.org:8443/x?patient=7", False),
        ("https://example.org/patients/00482913", False),
        ("00482913@example.org", False),
        ("research@example.org, 00482913", False),
    ],
)
def test_a_contact_may_have_an_address(contact: str, passes: bool) -> None:
    assert (prose_fault(contact, may_have_address=True) is None) is passes
    assert prose_fault(contact) is not None


@pytest.mark.parametrize(
    "licence",
    [
        "CC0-1.0",
        "CC0 1.0",
        "CC BY 3.0",
        "CC-BY-NC-SA-4.0",
        "MIT",
        "MIT OR Apache-2.0",
        "TCIA Data Usage Policy",
        "As the data set's",
        "proprietary",
    ],
)
def test_licences_of_the_list_are_named(licence: str) -> None:
    assert licence_fault(licence) is None


@pytest.mark.parametrize(
    ("licence", "reason"),
    [
        ("cc-by-4.0", "it is written CC-BY-4.0 in SPDX's list"),
        ("free for friends", "no SPDX identifier, such as CC-BY-4.0, and none of: As the data"),
        ("LicenseRef-Anna-Meier", "no SPDX identifier"),
        ("MIT AND LicenseRef-x", "no SPDX identifier"),
        ("CC BY 4.0 for Anna", "no SPDX identifier"),
        ("(" * 300, "no SPDX identifier"),
    ],
)
def test_other_licences_are_refused(licence: str, reason: str) -> None:
    assert reason in str(licence_fault(licence))


def _with(part: str, **changes: object) -> Callable[[ModelCard], ModelCard]:
    return lambda card: card.model_copy(
        update={part: getattr(card, part).model_copy(update=changes)}
    )


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("title", lambda card: card.model_copy(update={"title": "born 1961-03-07"})),
        ("use_terms", lambda card: card.model_copy(update={"use_terms": "see /data/x"})),
        ("contact", lambda card: card.model_copy(update={"contact": "mrn 7"})),
        ("licence", lambda card: card.model_copy(update={"licence": "mine"})),
        ("training_set.data_set", _with("training_set", data_set="1.2.840.10008")),
        ("training.genshare_version", _with("training", genshare_version="0.1.0 of Anna")),
        ("privacy.statement", _with("privacy", statement="www.example.org")),
    ],
)
def test_every_field_in_words_is_screened(
    tmp_path: Path, field: str, change: Callable[[ModelCard], ModelCard]
) -> None:
    card = write_tiny_package(tmp_path).card
    check_texts(card)

    with pytest.raises(CardRefusedError, match=rf"the card's {field} is refused: "):
        check_texts(change(card))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("model_id", {"model_id": "see /data/x"}),
        ("version", {"version": "2019-01-02"}),
        ("publication", {"publication": "Meier 1961, born 7 March 1961"}),
        ("dois", {"dois": ("patient 7",)}),
    ],
)
def test_an_origin_is_screened_and_may_name_publications(
    tmp_path: Path, field: str, change: dict[str, object]
) -> None:
    origin = Origin(
        catalogue="medigan",
        model_id="00002_DCGAN_MMG_MASS_ROI",
        version="0.1.0",
        publication="Alyafi et al. 2020, https://doi.org/10.1117/12.2543506",
        dois=("10.5281/zenodo.5188557",),
    )
    card = write_tiny_package(tmp_path, origin=origin).card

    with pytest.raises(CardRefusedError, match=f"origin.{field}"):
        check_texts(card.model_copy(update={"origin": origin.model_copy(update=change)}))


def test_what_a_fidelity_report_says_is_screened(tmp_path: Path) -> None:
    report = a_fidelity_report(8)
    card = write_tiny_package(tmp_path, fidelity=report).card
    reasons = report.synthetic.reasons | {"kid": "patient id 7 was left out"}
    row = report.synthetic.model_copy(update={"reasons": reasons})
    changed = report.model_copy(update={"synthetic": row})

    with pytest.raises(CardRefusedError, match=r"fidelity\.synthetic\.reasons"):
        check_texts(card.model_copy(update={"fidelity": changed}))
