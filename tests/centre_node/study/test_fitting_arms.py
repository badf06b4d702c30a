"""What a study's start refuses of its arms."""

import pytest

from centre_node.study.errors import RepeatedArmsError
from centre_node.study.fitting_arms import check_arms
from node_api.studies import Arm, StudyConfiguration


def test_arms_that_differ_in_their_names_alone_are_refused() -> None:
    twins = StudyConfiguration(arms=(Arm(name="none"), Arm(name="nothing")))

    with pytest.raises(
        RepeatedArmsError, match="the arms 'none' and 'nothing' differ in their names"
    ):
        check_arms(twins, {})
