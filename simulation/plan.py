"""What a scenario would do, before anything is started."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from node_api.data_sources import MammogramFolder
from shared.models import StrictModel
from simulation.scenario import GeneratorScenario, Scenario, StudyScenario


class CentrePlan(StrictModel):
    """A centre and where its mammograms come from."""

    label: str
    name: str
    data: str
    threads: int


class GeneratorPlan(StrictModel):
    """A generator to train."""

    reference: str
    lesion_kinds: tuple[str, ...]
    image_size: int
    width: int
    parameters: int
    epochs: int


class StudyPlan(StrictModel):
    """A study to run."""

    centre: str
    lesions: str
    classifiers: tuple[str, ...]
    arms: tuple[str, ...]
    train_fractions: tuple[float, ...]
    seeds: tuple[int, ...]
    synthetic_patches: int
    epochs: int
    runs: int


class Plan(StrictModel):
    """Everything that a simulation is going to do."""

    title: str
    digest: str
    centres: tuple[CentrePlan, ...]
    generators: tuple[GeneratorPlan, ...]
    studies: tuple[StudyPlan, ...]

    @property
    def runs(self) -> int:
        """Classifiers to train in all studies."""
        return sum(study.runs for study in self.studies)


def plan_of(scenario: Scenario, folders: Mapping[str, str], *, digest: str) -> Plan:
    """Return what a scenario would do with these data folders."""
    return Plan(
        title=scenario.title,
        digest=digest,
        centres=tuple(
            CentrePlan(
                label=label,
                name=centre.name,
                data=data_in_words(scenario, label, folders.get(label)),
                threads=centre.threads,
            )
            for label, centre in scenario.centres.items()
        ),
        generators=tuple(_generator_plan(generator) for generator in scenario.generators),
        studies=tuple(_study_plan(study) for study in scenario.studies),
    )


def data_in_words(scenario: Scenario, label: str, folder: str | None) -> str:
    """Describe where a centre's mammograms come from."""
    source = scenario.centres[label].dataset
    if not isinstance(source, MammogramFolder):
        written = f", written and read as {source.written_as}" if source.written_as else ""
        return (
            f"phantoms in {source.style} style, {source.patients} patients, seed {source.seed}"
            + written
        )
    where = ", ".join(f"{key} = {value}" for key, value in source.where.items())
    place = folder or "its own folder"
    inside = "" if source.folder == "." else f"/{source.folder}"
    layout = "mammograms" if source.format == "auto" else source.format
    return f"{layout} in {place}{inside}" + (f" where {where}" if where else "")


def print_plan(plan: Plan, console: Console) -> None:
    """Print a plan for a person."""
    console.print(f"[bold]{escape(plan.title)}[/]  [dim]scenario {plan.digest[:12]}[/]\n")
    _print_table(
        console,
        "Centres",
        ("", "name", "mammograms", "threads"),
        [(c.label, c.name, c.data, str(c.threads)) for c in plan.centres],
    )
    _print_table(
        console,
        "Generators to train and publish",
        ("", "lesions", "patch", "width", "parameters", "epochs"),
        [
            (
                g.reference,
                ", ".join(g.lesion_kinds),
                f"{g.image_size} px",
                str(g.width),
                f"{g.parameters:,}",
                str(g.epochs),
            )
            for g in plan.generators
        ],
    )
    for study in plan.studies:
        console.print(
            f"[bold]Study of {study.lesions} at {study.centre}[/]: {study.runs} runs of "
            f"{study.epochs} epochs, {study.synthetic_patches} synthetic patches where an arm "
            "adds any"
        )
        console.print(f"  classifiers  {', '.join(study.classifiers)}")
        console.print(f"  arms         {escape('; '.join(study.arms))}")
        console.print(f"  train        {', '.join(f'{f:.0%}' for f in study.train_fractions)}")
        console.print(f"  seeds        {', '.join(map(str, study.seeds))}\n")
    console.print(f"{plan.runs} classifiers in all. Nothing was started and nothing was written.")


def _generator_plan(generator: GeneratorScenario) -> GeneratorPlan:
    return GeneratorPlan(
        reference=generator.reference,
        lesion_kinds=generator.lesion_kinds,
        image_size=generator.architecture.image_size,
        width=generator.architecture.width,
        parameters=generator.parameters,
        epochs=generator.training.epochs,
    )


def _study_plan(study: StudyScenario) -> StudyPlan:
    return StudyPlan(
        centre=study.centre,
        lesions=study.lesions,
        classifiers=study.classifiers,
        arms=tuple(arm.name for arm in study.arms),
        train_fractions=study.train_fractions,
        seeds=study.seeds,
        synthetic_patches=study.synthetic_patches,
        epochs=study.classifier_training.epochs,
        runs=study.runs,
    )


def _print_table(
    console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table, "")
