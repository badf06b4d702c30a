"""A report of a made-up simulation with known numbers."""

from datetime import UTC, datetime

from centre_node.mammography.summaries import (
    DatasetSummary,
    LesionSummary,
    ShortcutReport,
    SubsetBalance,
)
from centre_node.study.rows import RunRow
from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.packages import Manifest, ManifestFile
from shared.records import GeneratorVersion
from simulation.report.records import (
    ArmRecord,
    CentreRecord,
    GeneratorRecord,
    Machine,
    PictureRecord,
    Report,
    StudyRecord,
)

ARMS = (
    ArmRecord(name="none", generators=(), extra_healthy=False),
    ArmRecord(name="extra healthy only", generators=(), extra_healthy=True),
    ArmRecord(name="B", generators=("B/lesions-dcgan",), extra_healthy=False),
    ArmRecord(name="C", generators=("C/lesions-dcgan",), extra_healthy=False),
    ArmRecord(name="B + C", generators=("B/lesions-dcgan", "C/lesions-dcgan"), extra_healthy=False),
)


def a_row(arm: str, seed: int, auroc: float | None, *, fraction: float = 1.0) -> RunRow:
    """Return a run with an AUROC; the other metrics follow from it."""
    lower = None if auroc is None else round(auroc - 0.05, 4)
    synthetic = 0 if arm in {"none", "extra healthy only"} else 120
    return RunRow(
        classifier="cnn",
        arm=arm,
        train_fraction=fraction,
        lesions="all",
        seed=seed,
        n_train_real=round(96 * fraction) + (0 if arm == "none" else 120),
        n_train_synthetic=synthetic,
        n_test=120,
        prevalence=0.5,
        accuracy=0.75,
        f1=lower,
        auroc=auroc,
        auprc=lower,
        f1_healthy=lower,
        auprc_healthy=lower,
    )


def rows_of(aurocs: dict[str, tuple[float | None, ...]], fraction: float = 1.0) -> list[RunRow]:
    """Return runs of the given AUROCs, one a seed."""
    return [
        a_row(arm, seed, auroc, fraction=fraction)
        for arm, values in aurocs.items()
        for seed, auroc in enumerate(values)
    ]


ALL_PATIENTS: dict[str, tuple[float | None, ...]] = {
    "none": (0.80, 0.82, 0.84),
    "extra healthy only": (0.81, 0.83, 0.82),
    "B": (0.88, 0.90, 0.92),
    "C": (0.81, 0.83, 0.85),
    "B + C": (0.74, 0.76, 0.75),
}
HALF_OF_THEM: dict[str, tuple[float | None, ...]] = {
    "none": (0.71, 0.75, 0.70),
    "extra healthy only": (0.72, 0.74, 0.77),
    "B": (0.80, 0.78, 0.83),
    "C": (0.70, 0.79, 0.74),
    "B + C": (0.79, 0.83, 0.81),
}


def a_study(rows: list[RunRow] | None = None, arms: tuple[ArmRecord, ...] = ARMS) -> StudyRecord:
    """Return a study at centre A, with those of the arms that have runs."""
    made = rows_of(ALL_PATIENTS) + rows_of(HALF_OF_THEM, 0.5) if rows is None else rows
    return StudyRecord(
        centre="A",
        lesions="all",
        image_size=64,
        arms=tuple(arm for arm in arms if arm.name in {row.arm for row in made}),
        train_fractions=(1.0, 0.5),
        seeds=tuple(sorted({row.seed for row in made})),
        synthetic_patches=120,
        epochs=12,
        split_seed=0,
        split_shares=(0.4, 0.2, 0.4),
        sampling_seed=0,
        seconds=64.2,
        rows=tuple(made),
        balance=tuple(
            SubsetBalance(
                subset=subset,
                patients=patients,
                share_of_patients=patients / 60,
                images=2 * patients,
                images_with_lesions=patients,
                lesions={"mass": patients},
                densities={"2": 1.0},
            )
            for subset, patients in (("train", 24), ("validation", 12), ("test", 24))
        ),
        shortcut=ShortcutReport(auroc=0.71, sharpness=0.55, mean=0.7, size=0.5, n_test=48),
    )


def a_report(title: str = "A made-up federation", study: StudyRecord | None = None) -> Report:
    """Return a report of one study and two generators."""
    return Report(
        title=title,
        description="Three centres; every number here is invented.",
        scenario_digest="ab" * 32,
        written_at=datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
        seconds=201.0,
        centres=tuple(
            CentreRecord(
                label=label,
                name=f"centre-{label.lower()}",
                data=f"phantoms in {style} style, {patients} patients, seed 1",
                is_phantom=True,
                threads=1,
                counts=_counts(patients),
            )
            for label, style, patients in (
                ("A", "digital", 60),
                ("B", "film", 120),
                ("C", "soft", 120),
            )
        ),
        generators=(_generator("B"), _generator("C")),
        studies=(study or a_study(),),
        pictures=tuple(
            PictureRecord(file=file, of=of, caption=caption)
            for file, of, caption in (
                ("b-real.png", "B/lesions-dcgan", "Real lesion patches of centre-b."),
                ("b-synthetic.png", "B/lesions-dcgan", "Synthetic patches that centre-a sampled."),
                ("a-lesion.png", "all", "Lesion patches that centre-a trained on."),
            )
        ),
        services={"hub": {"genshare": "0.1.0"}, "centre-a": {"genshare": "0.1.0"}},
        machine=Machine(
            system="Linux 6.1 x86_64",
            processor="A processor",
            cores=2,
            python="3.11.7",
            packages={"torch": "2.13.0"},
        ),
        scenario={},
    )


def _counts(patients: int) -> DatasetSummary:
    return DatasetSummary(
        images=4 * patients,
        patients=patients,
        views={"CC": 2 * patients, "MLO": 2 * patients},
        lateralities={"L": 2 * patients, "R": 2 * patients},
        densities={"2": 4 * patients},
        lesions=patients,
        kinds={"mass": patients},
        pathologies={"unknown": patients},
        sizes={"mass": LesionSummary(count=patients, side_px=(20, 30, 40), side_mm=None)},
        pixel_spacings_mm={"unknown": 4 * patients},
        excluded_regions=0,
        images_without_annotation=3 * patients,
        skipped={"image file missing": 2} if patients == 60 else {},
    )


def _generator(label: str) -> GeneratorRecord:
    weights = WeightFile(name="weights.safetensors", size_bytes=1_512_000, sha256="cd" * 32)
    files = (ManifestFile(name="card.json", size_bytes=900, sha256="ef" * 32),)
    card = ModelCard(
        centre=f"centre-{label.lower()}",
        name="lesions-dcgan",
        title=f"Lesions of centre {label}",
        architecture=DcganArchitecture(image_size=64, width=16),
        weights=(weights,),
        training_set=TrainingSet(
            data_set="phantoms", lesion_kinds=("mass",), patients=120, patches=240
        ),
        training=Training(loss="dcgan", epochs=40, batch_size=16, seed=1, genshare_version="0.1.0"),
        licence="CC0 1.0",
        use_terms="Made of phantoms; any use.",
        contact="phantom desk",
    )
    return GeneratorRecord(
        reference=f"{label}/lesions-dcgan",
        parameters=377_568,
        training_seconds=61.0,
        published=GeneratorVersion(
            centre=card.centre,
            name=card.name,
            version=1,
            published_at=datetime(2024, 5, 6, tzinfo=UTC),
            manifest_digest="12" * 32,
            manifest=Manifest(
                files=(
                    *files,
                    ManifestFile(name=weights.name, size_bytes=1_512_000, sha256="cd" * 32),
                )
            ),
            card=card,
        ),
    )
