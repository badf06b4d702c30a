"""What a scenario would do, before anything is started."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from node_api.data_sources import EVERY_FORM, MammogramFolder, PhantomSet
from shared.counts import counted
from simulation.scenario import GeneratorScenario, Scenario, StudyScenario


def print_plan(
    scenario: Scenario, folders: Mapping[str, str], *, digest: str, console: Console
) -> None:
    """Print for a person what a scenario would do with these data folders."""
    console.print(f"[bold]{escape(scenario.title)}[/]  [dim]scenario {digest[:12]}[/]\n")
    _print_centres(scenario, folders, console)
    _print_generators(scenario, console)
    for study in scenario.studies:
        _print_study(study, console)
    console.print(
        f"{counted(scenario.trainings, 'classifier')} in all. Nothing was started and nothing was "
        "written."
    )


def plan_json(scenario: Scenario, folders: Mapping[str, str], *, digest: str) -> str:
    """Return the same as JSON."""
    plan = {
        "title": scenario.title,
        "digest": digest,
        "centres": [
            {
                "label": label,
                "name": centre.name,
                "data": data_in_words(scenario, label, folders.get(label)),
                "threads": centre.threads,
            }
            for label, centre in scenario.centres.items()
        ],
        "generators": list(map(_generator, scenario.generators)),
        "studies": list(map(_study, scenario.studies)),
    }
    return json.dumps(plan, indent=2, ensure_ascii=False)


def _generator(generator: GeneratorScenario) -> dict[str, object]:
    return {
        "reference": generator.reference,
        "lesion_kinds": generator.lesion_kinds,
        "image_size": generator.architecture.image_size,
        "width": generator.architecture.width,
        "parameters": generator.parameters,
        "epochs": generator.training.epochs,
    }


def _study(study: StudyScenario) -> dict[str, object]:
    return {
        "centre": study.centre,
        "lesions": study.lesions,
        "classifiers": study.classifiers,
        "arms": [arm.name for arm in study.arms],
        "train_fractions": study.train_fractions,
        "seeds": study.seeds,
        "synthetic_patches": study.synthetic_patches,
        "epochs": study.classifier_training.epochs,
        "steps": study.classifier_training.steps,
        "runs": study.runs,
    }


def data_in_words(scenario: Scenario, label: str, folder: str | None) -> str:
    """Describe where a centre's mammograms come from."""
    source = scenario.centres[label].dataset
    if not isinstance(source, MammogramFolder):
        return _phantoms_in_words(source)
    where = ", ".join(f"{key} = {value}" for key, value in source.where.items())
    place = folder or "its own folder"
    inside = "" if source.folder == "." else f"/{source.folder}"
    layout = "mammograms" if source.format == "auto" else source.format
    return f"{layout} in {place}{inside}" + (f" where {where}" if where else "")


def _phantoms_in_words(source: PhantomSet) -> str:
    forms = source.lesion_forms
    parts = [
        f"phantoms in {source.style} style",
        counted(source.patients, "patient"),
        "" if set(forms) == set(EVERY_FORM) else f"{' and '.join(forms)} lesions",
        f"seed {source.seed}",
        f"written and read as {source.written_as}" if source.written_as else "",
    ]
    return ", ".join(filter(None, parts))


def _print_centres(scenario: Scenario, folders: Mapping[str, str], console: Console) -> None:
    rows = [
        (label, centre.name, data_in_words(scenario, label, folders.get(label)), centre.threads)
        for label, centre in scenario.centres.items()
    ]
    _print_table(console, "Centres", ("", "name", "mammograms", "threads"), rows)


def _print_generators(scenario: Scenario, console: Console) -> None:
    rows = [
        (
            generator.reference,
            ", ".join(generator.lesion_kinds),
            f"{generator.architecture.image_size} px",
            generator.architecture.width,
            f"{generator.parameters:,}",
            generator.training.epochs,
        )
        for generator in scenario.generators
    ]
    columns = ("", "lesions", "patch", "width", "parameters", "epochs")
    _print_table(console, "Generators to train and publish", columns, rows)


def _print_study(study: StudyScenario, console: Console) -> None:
    console.print(
        f"[bold]Study of {study.lesions} at {study.centre}[/]: {counted(study.runs, 'run')} of "
        f"{study.classifier_training.length}, {study.synthetic_patches} synthetic patches "
        "where an arm adds any"
    )
    console.print(f"  classifiers  {', '.join(study.classifiers)}")
    console.print(f"  arms         {escape('; '.join(arm.name for arm in study.arms))}")
    console.print(f"  train        {', '.join(f'{f:.0%}' for f in study.train_fractions)}")
    console.print(f"  seeds        {', '.join(map(str, study.seeds))}\n")


def _print_table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row))
    console.print(table, "")
