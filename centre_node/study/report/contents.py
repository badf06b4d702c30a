"""Everything that a study's report says, as data. Light."""

from centre_node.study.configuration import StudyConfiguration
from centre_node.study.findings import StudyResult
from shared.models import StrictModel


class StudyReport(StrictModel):
    """What was compared, and what came out."""

    configuration: StudyConfiguration
    result: StudyResult
