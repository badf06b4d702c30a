"""Tables 1 and 2 of the paper, as printed."""

from typing import Literal

from node_api.classifier_training import ClassifierName
from node_api.findings import ArmRole
from shared.models import StrictModel

Lesions = Literal["all", "masses"]
Metric = Literal["accuracy", "f1", "auroc", "auprc"]
PaperColumn = tuple[Lesions, ClassifierName, float]
"""What the arms that the paper compares with each other have in common."""

METRICS: tuple[Metric, ...] = ("accuracy", "f1", "auroc", "auprc")
FRACTIONS = (1.0, 0.5)
TABLES: dict[str, str] = {"all": "Table 1", "masses": "Table 2"}
"""The paper's table of each scope of lesions."""

SEEDS = 3
NOT_AUGMENTED = "None"
REAL_DONOR = "Real BCDR"

# An arm | accuracy, F1, AUROC, AUPRC as mean(std), for each share of the training data.
PRINTED: dict[PaperColumn, str] = {
    ("all", "cnn", 1.0): """
        None            | 0.942(.005) 0.693(.020) 0.955(.007) 0.880(.014)
        BCDR (WGAN-GP)  | 0.938(.005) 0.673(.012) 0.957(.004) 0.839(.047)
        BCDR (DCGAN)    | 0.936(.030) 0.685(.099) 0.966(.001) 0.887(.006)
        OPTIMAM (DCGAN) | 0.945(.005) 0.701(.014) 0.961(.007) 0.871(.010)
        Both (a)        | 0.943(.010) 0.701(.039) 0.965(.004) 0.863(.014)
        Both (b)        | 0.945(.017) 0.704(.065) 0.959(.005) 0.871(.013)
        Real BCDR       | 0.924(.001) 0.633(.001) 0.958(.001) 0.851(.003)
    """,
    ("all", "cnn", 0.5): """
        None            | 0.933(.010) 0.661(.035) 0.960(.004) 0.878(.013)
        BCDR (WGAN-GP)  | 0.929(.048) 0.669(.130) 0.953(.003) 0.863(.015)
        BCDR (DCGAN)    | 0.926(.034) 0.652(.110) 0.960(.005) 0.874(.006)
        OPTIMAM (DCGAN) | 0.945(.002) 0.703(.004) 0.963(.003) 0.879(.007)
        Both (a)        | 0.947(.020) 0.718(.075) 0.965(.005) 0.886(.014)
        Both (b)        | 0.945(.013) 0.706(.044) 0.964(.007) 0.886(.013)
        Real BCDR       | 0.938(.007) 0.680(.028) 0.965(.002) 0.884(.016)
    """,
    ("all", "swin", 1.0): """
        None            | 0.914(.065) 0.634(.161) 0.951(.004) 0.859(.010)
        BCDR (WGAN-GP)  | 0.912(.082) 0.647(.186) 0.952(.001) 0.864(.002)
        BCDR (DCGAN)    | 0.974(.002) 0.826(.009) 0.955(.004) 0.874(.005)
        OPTIMAM (DCGAN) | 0.946(.038) 0.724(.120) 0.957(.002) 0.870(.002)
        Both (a)        | 0.922(.040) 0.637(.112) 0.940(.019) 0.852(.022)
        Both (b)        | 0.969(.002) 0.804(.008) 0.957(.004) 0.876(.009)
        Real BCDR       | 0.942(.033) 0.713(.132) 0.962(.003) 0.897(.001)
    """,
    ("all", "swin", 0.5): """
        None            | 0.949(.040) 0.734(.138) 0.933(.004) 0.860(.006)
        BCDR (WGAN-GP)  | 0.974(.005) 0.824(.027) 0.937(.015) 0.860(.006)
        BCDR (DCGAN)    | 0.959(.030) 0.880(.066) 0.958(.007) 0.916(.067)
        OPTIMAM (DCGAN) | 0.927(.043) 0.667(.150) 0.953(.016) 0.871(.029)
        Both (a)        | 0.940(.029) 0.692(.104) 0.957(.006) 0.872(.010)
        Both (b)        | 0.965(.011) 0.783(.050) 0.956(.002) 0.877(.008)
        Real BCDR       | 0.854(.001) 0.500(.002) 0.952(.002) 0.873(.001)
    """,
    ("masses", "cnn", 1.0): """
        None            | 0.895(.019) 0.935(.015) 0.962(.010) 0.992(.002)
        BCDR (WGAN-GP)  | 0.943(.023) 0.966(.014) 0.973(.010) 0.995(.002)
        BCDR (DCGAN)    | 0.910(.016) 0.944(.010) 0.976(.005) 0.995(.001)
        OPTIMAM (DCGAN) | 0.876(.072) 0.919(.051) 0.971(.010) 0.994(.002)
        Both (a)        | 0.908(.062) 0.942(.043) 0.970(.007) 0.994(.002)
        Both (b)        | 0.925(.019) 0.954(.012) 0.975(.001) 0.995(.000)
        Real BCDR       | 0.912(.011) 0.946(.006) 0.968(.004) 0.994(.001)
    """,
    ("masses", "cnn", 0.5): """
        None            | 0.897(.013) 0.938(.009) 0.955(.016) 0.991(.003)
        BCDR (WGAN-GP)  | 0.872(.013) 0.919(.008) 0.962(.009) 0.992(.002)
        BCDR (DCGAN)    | 0.904(.020) 0.941(.014) 0.968(.014) 0.993(.003)
        OPTIMAM (DCGAN) | 0.925(.033) 0.954(.022) 0.968(.008) 0.993(.002)
        Both (a)        | 0.933(.020) 0.960(.012) 0.946(.026) 0.983(.011)
        Both (b)        | 0.933(.024) 0.959(.015) 0.967(.009) 0.993(.002)
        Real BCDR       | 0.885(.024) 0.931(.014) 0.935(.012) 0.987(.002)
    """,
    ("masses", "swin", 1.0): """
        None            | 0.834(.019) 0.891(.014) 0.928(.015) 0.986(.003)
        BCDR (WGAN-GP)  | 0.950(.041) 0.969(.025) 0.978(.011) 0.996(.002)
        BCDR (DCGAN)    | 0.876(.053) 0.920(.038) 0.959(.029) 0.992(.006)
        OPTIMAM (DCGAN) | 0.941(.020) 0.964(.013) 0.975(.008) 0.995(.002)
        Both (a)        | 0.933(.018) 0.959(.012) 0.973(.012) 0.995(.002)
        Both (b)        | 0.914(.032) 0.947(.021) 0.972(.016) 0.995(.003)
        Real BCDR       | 0.841(.010) 0.907(.006) 0.929(.007) 0.987(.001)
    """,
    ("masses", "swin", 0.5): """
        None            | 0.784(.010) 0.860(.003) 0.877(.015) 0.976(.003)
        BCDR (WGAN-GP)  | 0.933(.020) 0.959(.013) 0.973(.003) 0.995(.000)
        BCDR (DCGAN)    | 0.922(.010) 0.953(.006) 0.968(.006) 0.994(.001)
        OPTIMAM (DCGAN) | 0.920(.018) 0.952(.012) 0.963(.013) 0.993(.003)
        Both (a)        | 0.933(.010) 0.959(.007) 0.972(.002) 0.994(.000)
        Both (b)        | 0.935(.010) 0.960(.006) 0.970(.001) 0.994(.000)
        Real BCDR       | 0.799(.006) 0.862(.004) 0.890(.006) 0.979(.001)
    """,
}


class Measured(StrictModel):
    """A metric, 0 to 1, over the paper's seeds, to three decimals."""

    mean: float
    std: float


class PaperCell(StrictModel):
    """An arm with one classifier and one share of the training data: half a row of a table.

    Attributes:
        lesions: Table 1 has all lesion types, Table 2 masses.
        train_fraction: Of centre A's training data, 1 or 0.5.
    """

    lesions: Lesions
    classifier: ClassifierName
    train_fraction: float
    arm: str
    accuracy: Measured
    f1: Measured
    auroc: Measured
    auprc: Measured

    @property
    def column(self) -> PaperColumn:
        """Where it stands but for its arm."""
        return self.lesions, self.classifier, self.train_fraction

    @property
    def is_synthetic(self) -> bool:
        """Whether the arm adds synthetic patches."""
        return self.arm not in (NOT_AUGMENTED, REAL_DONOR)

    @property
    def role(self) -> ArmRole:
        """What the arm is called in our studies."""
        if self.arm == NOT_AUGMENTED:
            return "baseline"
        return "synthetic" if self.is_synthetic else "real donor"

    @property
    def donors(self) -> int:
        """How many other centres the added lesions come from."""
        return 0 if self.arm == NOT_AUGMENTED else 2 if self.arm.startswith("Both") else 1

    def measured(self, metric: Metric) -> Measured:
        """Return one metric."""
        found: Measured = getattr(self, metric)
        return found


def paper_cells() -> tuple[PaperCell, ...]:
    """Return all 56 cells, column by column, the arms in the paper's order.

    Source: paper section 3, tables 1 and 2.
    """
    return tuple(
        _cell(line, column)
        for column, text in PRINTED.items()
        for line in text.strip().splitlines()
    )


def _cell(line: str, column: PaperColumn) -> PaperCell:
    arm, metrics = line.split("|")
    lesions, classifier, train_fraction = column
    accuracy, f1, auroc, auprc = map(_measured, metrics.split())
    return PaperCell(
        lesions=lesions,
        classifier=classifier,
        train_fraction=train_fraction,
        arm=arm.strip(),
        accuracy=accuracy,
        f1=f1,
        auroc=auroc,
        auprc=auprc,
    )


def _measured(text: str) -> Measured:
    """Read "0.942(.005)"."""
    mean, std = text.removesuffix(")").split("(")
    return Measured(mean=float(mean), std=float(std))
