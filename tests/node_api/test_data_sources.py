"""What names mammograms, with and without its format."""

import pytest
from pydantic import TypeAdapter, ValidationError

from node_api.data_sources import DatasetSource, MammogramFolder
from shared.models import validation_summary

SOURCE: TypeAdapter[DatasetSource] = TypeAdapter(DatasetSource)


def test_a_folder_without_a_format_is_recognised_by_its_files() -> None:
    assert SOURCE.validate_python({"folder": "own"}) == MammogramFolder(folder="own")


def test_what_is_neither_is_told_what_it_lacks() -> None:
    with pytest.raises(ValidationError) as refused:
        SOURCE.validate_python({"patients": 4})

    assert validation_summary(refused.value) == "document: format is missing, which says what it is"
