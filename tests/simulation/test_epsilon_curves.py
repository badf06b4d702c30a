"""Curves of privacy against use, from numbers that are known."""

import re

import pytest

from node_api.studies import Arm
from shared.cards import Privacy, PrivacyPromise
from simulation.report.epsilon_curves import epsilon_curves
from simulation.report.page import page_of
from simulation.report.privacy import privacy_rows
from simulation.report.records import GeneratorRecord, Report
from tests.audits import an_audit, figures
from tests.simulation.made_up import a_report, a_study

DIGESTS = {"B": "1" * 64, "C": "2" * 64}
PRIVATE = Privacy.of(
    PrivacyPromise(
        epsilon=10, delta=8e-4, noise_multiplier=1.05, clip=1, sampling_rate=0.1, steps=400
    )
)


@pytest.fixture
def report() -> Report:
    """Return a report of two audited generators, the second one with differential privacy."""
    study, made = a_study(), a_report()
    arms = tuple(
        Arm.model_construct(name=arm.name, generators=(DIGESTS[arm.name],))
        if arm.name in DIGESTS
        else arm
        for arm in study.configuration.arms
    )
    configuration = study.configuration.model_copy(update={"arms": arms})
    b, c = made.generators
    leaking = figures("patch", auroc=0.71, auroc_upper=0.74, smallest_visible=0.56)
    return made.model_copy(
        update={
            "studies": (study.model_copy(update={"configuration": configuration}),),
            "generators": (
                _known_as(b, "B", audit=an_audit(attacks=(leaking,))),
                _known_as(c, "C", audit=an_audit(), privacy=PRIVATE),
            ),
        }
    )


def _known_as(
    generator: GeneratorRecord, name: str, *, privacy: Privacy | None = None, **changes: object
) -> GeneratorRecord:
    card = generator.published.card
    published = generator.published.model_copy(
        update={
            "manifest_digest": DIGESTS[name],
            "card": card if privacy is None else card.model_copy(update={"privacy": privacy}),
        }
    )
    return generator.model_copy(update={"published": published, **changes})


def test_each_column_has_a_curve_from_no_promise_to_the_strictest(report: Report) -> None:
    curves = list(epsilon_curves(report))

    assert [curve.title.rsplit(", ", 1)[1] for curve in curves] == [
        "100\N{NO-BREAK SPACE}% of the own patients",
        "50\N{NO-BREAK SPACE}% of the own patients",
    ]
    drawn = str(curves[0].svg)
    assert re.findall(r'class="value"[^>]*>([^<]*)<', drawn) == ["none", "10"]
    assert "epsilon none gains +0.040" in drawn
    assert "tells at most 0.74; epsilon 10 gains +0.002" in drawn
    assert "real patches" in drawn


def test_generators_of_one_epsilon_are_no_curve(report: Report) -> None:
    alike = report.model_copy(update={"generators": report.generators[:1]})

    assert list(epsilon_curves(alike)) == []


def test_a_generator_without_an_audit_or_an_interval_keeps_its_place(report: Report) -> None:
    b, c = report.generators
    unaudited = report.model_copy(update={"generators": (b, c.model_copy(update={"audit": None}))})

    drawn = str(next(iter(epsilon_curves(unaudited))).svg)

    assert "and was not attacked" in drawn
    assert drawn.count("mark alone") == 1
    assert drawn.count("mark synthetic") == 2


def test_a_private_generator_has_the_bound_of_its_own_centres_audit(report: Report) -> None:
    """Its statement has no figures, for nobody charged a budget for them."""
    _, private = privacy_rows(report)
    page = page_of(report, {picture.file: b"" for picture in report.pictures})

    assert private.cells[2] == "0.54"
    assert "epsilon of each patient" in page
