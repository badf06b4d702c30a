"""Everything that a study's report says, as data."""

from node_api.findings import StudyResult
from node_api.studies import StudyConfiguration
from shared.models import StrictModel


class StudyReport(StrictModel):
    """What was compared, and what came out."""

    configuration: StudyConfiguration
    result: StudyResult
