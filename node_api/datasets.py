"""Registered data sets as a node's callers see them."""

from node_api.data_sources import DatasetSource
from node_api.summaries import DatasetSummary
from shared.models import StrictModel


class Dataset(StrictModel):
    """A registered data set."""

    name: str
    source: DatasetSource
    summary: DatasetSummary
