"""A report of a made-up simulation with known numbers."""

from datetime import UTC, datetime

from node_api.summaries import DatasetSummary, LesionSummary
from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.packages import Manifest, ManifestFile
from shared.records import GeneratorVersion
from simulation.report.machine import Machine
from simulation.report.records import (
    CentreRecord,
    GeneratorRecord,
    PictureRecord,
    Report,
    StudyRecord,
)
from study_report.presented import Presented
from tests.study_report import made_up


def a_study(presented: Presented | None = None) -> StudyRecord:
    """Return a study at centre A."""
    study = made_up.a_study(lesions="all") if presented is None else presented
    return StudyRecord(centre="A", configuration=study.configuration, result=study.result)


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
                ("centre-a-all-real-lesion-patches.png", "all", "Lesion patches of centre-a."),
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
        training=Training(loss="dcgan", epochs=40, batch_size=16, genshare_version="0.1.0"),
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
