"""A node is told a folder only; what its table's columns mean is said in the folder."""

from pathlib import Path

import pytest

from centre_node.database import open_database
from centre_node.datasets.service import Datasets
from centre_node.datasets.store import DatasetStore
from centre_node.mammography.datasets import data_folders
from centre_node.mammography.errors import BadMammogramsError
from node_api.data_sources import MammogramFolder
from tests.centre_node.mammography.readers.table_files import BOX, write_images, write_table


def test_a_registered_table_answers_what_its_columns_were_taken_for(tmp_path: Path) -> None:
    ours = write_images(tmp_path / "mammograms" / "ours", "a.png")
    write_table(ours, {"Datei": "a", "patient_id": "Doe", "kind": "Mass", **BOX}, header=())
    (tmp_path / "data").mkdir()
    folders = data_folders(tmp_path / "data", tmp_path / "mammograms")
    datasets = Datasets(DatasetStore(open_database(tmp_path / "data")), folders)
    source = MammogramFolder(folder="ours")
    with pytest.raises(BadMammogramsError, match="known as image: name them in") as error:
        datasets.register("ours", source)
    assert str(tmp_path) not in str(error.value)

    (ours / "genshare-columns.toml").write_text("[columns]\nimage = 'Datei'\n")
    datasets.register("ours", source)

    found = datasets.find("ours").summary
    assert (found.lesions, found.kinds) == (1, {"mass": 1})
    assert found.notes[:2] == ("table findings.csv", "column Datei is the image")
    assert "Doe" not in found.model_dump_json()
