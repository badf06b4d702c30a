import subprocess
import sys
from pathlib import Path

import pytest

from centre_node.generators import memory
from centre_node.generators.errors import NotEnoughMemoryError
from centre_node.generators.memory import check_memory
from tests.centre_node.generators.tiny import CPU, LOSSES, settings, train

REPOSITORY = Path(__file__).parents[3]


def test_what_just_fits_is_accepted_and_a_byte_more_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 5_000_000)

    check_memory(5_000_000, CPU)

    with pytest.raises(NotEnoughMemoryError, match=r"about 5 MB .* device cpu, but 5 MB are free"):
        check_memory(5_000_001, CPU)


def test_a_training_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)

    with pytest.raises(NotEnoughMemoryError):
        train(tmp_path / "run", settings())

    assert not (tmp_path / "run").exists()


MEASURED_RUN = """
import re
import sys
import tempfile
from pathlib import Path

import torch

from centre_node.generators.estimates import estimate
from shared.architectures import DcganArchitecture, ResidualArchitecture
from tests.centre_node.generators.tiny import discs, settings, train

def resident(name):
    text = Path("/proc/self/status").read_text()
    return int(re.search(name + r":\\s+(\\d+) kB", text)[1]) * 1024

torch.set_num_threads(1)
loss = sys.argv[1]
kind = ResidualArchitecture if loss == "relativistic" else DcganArchitecture
architecture, patches = kind(image_size=64, width=32), discs(32, side=64)
with tempfile.TemporaryDirectory() as folder:
    train(Path(folder, "libraries"), settings(loss=loss, epochs=1))  # load what they load
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    training = settings(loss=loss, epochs=2, batch_size=16)
    train(Path(folder, "run"), training, patches=patches, architecture=architecture)
grown = resident("VmHWM") - before
print(grown / estimate(architecture, training, len(patches)).memory_bytes)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux' /proc")
@pytest.mark.parametrize("loss", LOSSES)
def test_the_memory_estimated_is_seven_tenths_to_twice_of_what_a_training_takes(loss: str) -> None:
    """What it takes depends on what the allocator has kept of before."""
    command = [sys.executable, "-c", MEASURED_RUN, loss]

    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True)

    assert 0.5 < float(done.stdout) < 1.4
