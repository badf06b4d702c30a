"""The rules of registering data sets."""

from collections.abc import Callable

from centre_node.datasets.counting import count
from centre_node.datasets.errors import DatasetNotFoundError
from centre_node.datasets.places import check_registrable
from centre_node.datasets.store import DatasetStore
from centre_node.mammography.datasets import DataFolders
from node_api.data_sources import DatasetSource
from node_api.datasets import Dataset
from node_api.summaries import DatasetSummary

Count = Callable[[DatasetSource, DataFolders], DatasetSummary | None]


class Datasets:
    """The data sets that jobs of this node can name.

    Args:
        count: Reads a data set's annotations and counts them; None where that takes long.
    """

    def __init__(self, store: DatasetStore, folders: DataFolders, *, count: Count = count) -> None:
        self._store = store
        self._folders = folders
        self._count = count

    def register(self, name: str, source: DatasetSource) -> Dataset | None:
        """Read a data set's annotations, count them and remember where they are.

        Returns:
            None, and nothing is registered, for one that takes long: that is for a job.

        Raises:
            BadMammogramsError: It cannot be read; nothing is registered.
        """
        counted = self._count(source, self._folders)
        if counted is None:
            return None
        dataset = Dataset(name=name, source=source, summary=counted)
        self._store.put(dataset)
        return dataset

    def check(self, source: DatasetSource) -> None:
        """Check that a data source is there; nothing in it is read.

        Raises:
            BadMammogramsError: It is not.
        """
        check_registrable(source, self._folders)

    def find(self, name: str) -> Dataset:
        """Return a data set.

        Raises:
            DatasetNotFoundError: None has that name.
        """
        dataset = self._store.find(name)
        if dataset is None:
            raise DatasetNotFoundError(f"no data set {name!r} is registered at this node")
        return dataset

    def all(self) -> tuple[Dataset, ...]:
        """Return every data set."""
        return self._store.all()

    def remove(self, name: str) -> None:
        """Forget a data set; its images are not touched.

        Raises:
            DatasetNotFoundError: None has that name.
        """
        if not self._store.remove(name):
            raise DatasetNotFoundError(f"no data set {name!r} is registered at this node")
