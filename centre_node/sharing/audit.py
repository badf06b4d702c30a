"""Audits a training's weights before they leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from centre_node.mammography.pictures import write_encoded_png
from centre_node.privacy.audit import Audit, AuditedGenerator
from centre_node.privacy.candidates import Candidates, candidates
from centre_node.privacy.discriminator import discriminator_scores
from centre_node.privacy.phantom_features import phantom_features
from centre_node.sharing.before_release import weights_to_publish
from centre_node.sharing.release import AUDIT
from centre_node.training.held_out import read_members
from node_api.audits import AuditReport, AuditSettings
from node_api.results import TrainedGenerator
from shared.files import write_text
from shared.progress import OnProgress

PICTURE, PARTS = AUDIT.with_name("most-exposed.png"), AUDIT.with_name("parts")


@dataclass(frozen=True)
class FolderAudit:
    """An audit of what a training's folder is about to publish.

    Attributes:
        training: The folder.
        ensemble, proportions: Which weight files, as for `weights_to_publish`.
    """

    training: Path
    trained: TrainedGenerator
    settings: AuditSettings
    ensemble: bool
    proportions: Mapping[str, float]

    def run(self, device: torch.device, on_progress: OnProgress) -> AuditReport:
        """Audit, and leave the report and the picture in the training's folder.

        The folder's parts of an earlier call that was interrupted are used.

        Raises:
            TrainingFolderError: The folder does not say who was held out, or its patches changed.
            NotPublishableError: The training kept no weight file of a name.
            AuditRefusedError: There is nothing to compare.
        """
        membership = read_members(self.training)
        size = membership.image_size
        patches = candidates(
            membership.members.patches(size),
            membership.members.patients,
            membership.held_out.patches(size),
            membership.held_out.patients,
        )
        audit = Audit(
            generator=self._generator(patches, device),
            candidates=patches,
            settings=self.settings,
            held_out_share=membership.share,
            classifier=lambda: phantom_features(size, device, on_progress),
            folder=self.training / PARTS,
            device=device,
            on_progress=on_progress,
        )
        finished = audit.run()
        self._write(finished.report, finished.picture)
        return finished.report

    def _generator(self, patches: Candidates, device: torch.device) -> AuditedGenerator:
        files = weights_to_publish(
            self.training, ensemble=self.ensemble, proportions=self.proportions
        )
        architecture = self.trained.architecture
        return AuditedGenerator(
            files=files,
            architecture=architecture,
            shares=[self.proportions[path.name] for path in files] if self.proportions else None,
            discriminator_scores=discriminator_scores(
                self.training, architecture, self.trained.training, patches.pixels, device
            ),
        )

    def _write(self, report: AuditReport, picture: bytes | None) -> None:
        (self.training / AUDIT).parent.mkdir(exist_ok=True)
        if picture is None:
            (self.training / PICTURE).unlink(missing_ok=True)
        else:
            write_encoded_png(self.training / PICTURE, picture)
        write_text(self.training / AUDIT, report.model_dump_json(indent=2) + "\n")
