"""The models of medigan that can be imported."""

from dataclasses import dataclass

from shared.architectures import OPTIMAM_DCGAN, DcganArchitecture
from shared.cards import Loss
from shared.names import LesionKind


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model: how its file is laid out, and what is known of it beside its metadata.

    Attributes:
        body: The first part of the names of the generator's tensors.
        copies: The first part of names under which early layers stand a second time.
        unused: The first part of names that the generator does not use.
        pixel_range: The values that are black and white; None where only samples can tell.
        epochs, batch_size, patches: None where no source says.
        remark: What the paper says of the data set that is no count of training patches.
    """

    model_id: str
    file_name: str
    body: str
    copies: str | None
    unused: str | None
    architecture: DcganArchitecture
    pixel_range: tuple[float, float] | None
    loss: Loss
    title: str
    data_set: str
    epochs: int | None
    batch_size: int
    patches: int | None
    remark: str
    lesion_kinds: tuple[LesionKind, ...] = ("mass",)

    @property
    def number(self) -> str:
        """The first part of the id, such as 00002."""
        return self.model_id.partition("_")[0]


def _bcdr(model_id: str, file_name: str, loss: Loss, epochs: int) -> KnownModel:
    return KnownModel(
        model_id=model_id,
        file_name=file_name,
        body="main",
        copies="first_layers",
        unused="embed_nn",
        architecture=DcganArchitecture(),
        pixel_range=None,
        loss=loss,
        title=f"{loss.upper()} of mammogram masses, trained on BCDR",
        data_set="BCDR",
        epochs=epochs,
        batch_size=16,
        patches=None,
        remark="BCDR has 639 masses and 1010 patients in all (paper, section 2.1); how many of "
        "them the generator was trained on is not published",
    )


KNOWN_MODELS = (
    KnownModel(
        model_id="00002_DCGAN_MMG_MASS_ROI",
        file_name="malign_mass_gen",
        body="model",
        copies=None,
        unused=None,
        architecture=OPTIMAM_DCGAN,
        pixel_range=(-1.0, 1.0),
        loss="dcgan",
        title="DCGAN of mammogram masses, trained on OPTIMAM",
        data_set="OPTIMAM",
        epochs=None,
        batch_size=64,
        patches=2215,
        remark="2215 masses of OPTIMAM (paper, section 2.1); of how many patients is not published",
    ),
    _bcdr("00005_DCGAN_MMG_MASS_ROI", "500.pt", "dcgan", 500),
    _bcdr("00006_WGANGP_MMG_MASS_ROI", "10000.pt", "wgan-gp", 10_000),
)
"""Source: paper sections 2.1 and 2.3; the batch of 64 is that of Alyafi et al. 2020 (reference 18
of the paper); files and epochs are those that medigan publishes."""
