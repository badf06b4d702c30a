"""A training in a folder of its own, which the same call goes on with."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from centre_node.device import default_device
from centre_node.generators.starting import StartingNetworks
from centre_node.mammography.command_options import MammogramChoice
from centre_node.mammography.mammograms import Reading
from centre_node.training.folder import (
    PATCHES,
    PICTURES,
    FolderPlan,
    claim,
    keep_trained,
    read_trained,
)
from centre_node.training.on_lesions import train_on_lesions
from centre_node.training.plan import TrainingPlan
from node_api.results import TrainedGenerator
from shared.progress import shown


@dataclass(frozen=True)
class TrainingInFolder:
    """What is trained on which mammograms, and where."""

    mammograms: MammogramChoice
    plan: TrainingPlan
    folder: Path
    threads: int
    tensorboard: bool
    start: StartingNetworks | None = None

    def run(self, console: Console) -> tuple[TrainedGenerator, Mapping[str, int]]:
        """Train, unless the folder's training is finished.

        Returns:
            What a card may tell, and what was skipped, by reason.

        Raises:
            TrainingFolderError: The folder holds something else, or cannot be written.
            FolderInUseError: Another process is at work in it.
        """
        reading = self.mammograms.read()
        skipped = Counter(record.reason for record in reading.skipped)
        with claim(self.folder, self._whole_plan()):
            trained = read_trained(self.folder)
            if trained is None:
                trained, not_cut = self._train(reading, console)
                skipped.update(not_cut)
                keep_trained(self.folder, trained)
        return trained, skipped

    def _whole_plan(self) -> FolderPlan:
        return FolderPlan(
            source=self.mammograms.source,
            where=tuple(f"{key}={value}" for key, value in self.mammograms.where.items()),
            threads=self.threads,
            **dict(self.plan),
        )

    def _train(
        self, reading: Reading, console: Console
    ) -> tuple[TrainedGenerator, Mapping[str, int]]:
        with shown(console) as on_progress:
            return train_on_lesions(
                reading,
                self.plan,
                store_folder=self.folder / PATCHES,
                folder=self.folder,
                pictures=self.folder / PICTURES,
                device=default_device(),
                on_progress=on_progress,
                tensorboard=self.tensorboard,
                start=self.start,
            )
