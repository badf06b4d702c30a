"""A hub, as a program or a notebook sees it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from genshare.interface.arguments import Address, Fetching, checked
from genshare.interface.generators import Generator
from shared.hub_client import connect
from shared.progress import shown
from shared.records import GeneratorVersion
from signing.places import trust_store
from signing.receiving import Asked, Receiver

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch.utils.data import DataLoader

    from genshare.interface.torch_data import Patch

KEPT = Path("genshare-generators")


class Hub:
    """The generators that centres share.

    Args:
        url: Its address, such as https://hub.example.org.
        token: Your centre's, as `genshare hub invite` printed it.
        folder: Where fetched generators are kept, each in a folder named by its digest; what is
            there is not fetched again.
        trust: The file of whose keys are trusted; None is that of `genshare trust`.
        allow_unencrypted: Whether the token may go to another machine over plain HTTP.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        folder: Path | str = KEPT,
        trust: Path | str | None = None,
        allow_unencrypted: bool = False,
    ) -> None:
        checked(Address, url=url, token=token)
        self._client = connect(url, token, allow_unencrypted=allow_unencrypted)
        self._folder = Path(folder)
        self._trust = trust_store(None if trust is None else Path(trust))

    def generators(self, centre: str | None = None) -> tuple[GeneratorVersion, ...]:
        """Return every published version, newest first; each has a `card`.

        Args:
            centre: Only this one's.
        """
        return tuple(self._client.generators(centre))

    def fetch(self, generator: str, *, version: int | None = None) -> Generator:
        """Fetch a generator, every digest and every tensor verified.

        Args:
            generator: CENTRE/NAME, such as "centre-b/masses".
            version: None is the latest.

        Raises:
            WrongArgumentError: `generator` has another form.
        """
        wanted = checked(Fetching, generator=generator, version=version)
        centre, _, name = wanted.generator.partition("/")
        record = self._client.version(centre, name, wanted.version)
        with shown() as on_progress:
            receiver = Receiver(self._client, self._trust)
            received = receiver.fetch(
                record,
                self._folder / record.manifest_digest,
                asked=Asked(is_latest=version is None),
                on_progress=on_progress,
            )
        if received.finding.is_warning:
            warnings.warn(received.finding.sentence, stacklevel=2)
        return Generator(received.package)

    def generate(self, model_id: str, num_samples: int, *, seed: int = 0) -> "NDArray[np.uint8]":
        """Fetch a generator and sample patches from it; called as in medigan.

        Args:
            model_id: CENTRE/NAME.

        Returns:
            8-bit patches, shape (num_samples, side, side).
        """
        return self.fetch(model_id).sample(num_samples, seed=seed)

    def get_as_torch_dataloader(
        self, model_id: str, num_samples: int, *, batch_size: int = 32, seed: int = 0
    ) -> "DataLoader[Patch]":
        """Fetch a generator and return batches of its patches; called as in medigan."""
        return self.fetch(model_id).dataloader(num_samples, batch_size=batch_size, seed=seed)
