from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from node_api.requests import PublishRequest
from shared.cards import ModelCard
from shared.terms import CentreTerms, Terms
from simulation.scenario import GeneratorScenario

TEXTS = {
    "name": "masses",
    "title": "Masses",
    "licence": "CC0 1.0",
    "use_terms": "Research only",
    "contact": "desk",
}
DOCUMENTS: list[tuple[type[Terms], dict[str, Any]]] = [
    (CentreTerms, {"centre": "centre-a"}),
    (PublishRequest, {"training_job": "1"}),
    (GeneratorScenario, {"centre": "A"}),
]


@pytest.mark.parametrize(("model", "more"), DOCUMENTS)
def test_terms_stand_flat_among_a_documents_other_keys(
    model: type[Terms], more: dict[str, Any]
) -> None:
    found = model.model_validate(TEXTS | more)

    assert found.terms == TEXTS
    assert TEXTS.items() <= found.model_dump().items()


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_that_may_not_be_on_a_card_is_refused_wherever_it_is_said(field: str) -> None:
    models: list[tuple[type[BaseModel], dict[str, Any]]] = [*DOCUMENTS, (ModelCard, {})]
    for model, more in models:
        with pytest.raises(ValidationError) as refused:
            model.model_validate(TEXTS | more | {field: "<b>"})

        assert (field,) in [fault["loc"] for fault in refused.value.errors()]
