"""A study with what its readers need to find in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from node_api.findings import ArmFacts, Cell, Difference, StudyResult
from node_api.studies import StudyConfiguration
from node_api.tasks import CLASSES, Classes
from study_report.wording import classifier_name, listed, percentage


@dataclass(frozen=True)
class Column:
    """What the runs of a table have in common: a classifier and a share of the training data."""

    classifier: str
    train_fraction: float


@dataclass(frozen=True)
class Presented:
    """A study and what its centre is called in a sentence."""

    configuration: StudyConfiguration
    result: StudyResult
    centre: str = "the centre"

    @property
    def classes(self) -> Classes:
        """How the task's two classes are called."""
        return CLASSES[self.configuration.task]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those with a cell: classifiers in the study's order, the largest share first."""
        filled = {(cell.classifier, cell.train_fraction) for cell in self.result.findings.cells}
        fractions = sorted(self.configuration.train_fractions, reverse=True)
        return tuple(
            Column(*column)
            for column in product(self.configuration.classifiers, fractions)
            if column in filled
        )

    @property
    def classifiers(self) -> tuple[str, ...]:
        """Those with a cell, in the study's order."""
        return tuple(dict.fromkeys(column.classifier for column in self.columns))

    def columns_of(self, classifier: str) -> tuple[Column, ...]:
        """Return a classifier's columns, the largest share first."""
        return tuple(column for column in self.columns if column.classifier == classifier)

    @property
    def seeds(self) -> int:
        """How many seeds the study has."""
        return len(self.configuration.seeds)

    def arm(self, name: str) -> ArmFacts:
        """Return the arm of that name."""
        return next(arm for arm in self.result.arms if arm.name == name)

    def cell(self, column: Column, arm: str) -> Cell | None:
        """Return an arm's cell in a column, if it has a run there."""
        return next(
            (
                cell
                for cell in self.result.findings.cells
                if cell.arm == arm and belongs(cell, column)
            ),
            None,
        )

    def cells(self, column: Column) -> Iterator[Cell]:
        """Yield a column's cells in the order of the arms."""
        for arm in self.result.arms:
            cell = self.cell(column, arm.name)
            if cell is not None:
                yield cell

    def differences(self, column: Column, metric: str) -> tuple[Difference, ...]:
        """Return a column's comparisons, those with a control before those with the baseline."""
        found = [
            difference
            for difference in self.result.findings.differences
            if difference.metric == metric and belongs(difference, column)
        ]
        return tuple(sorted(found, key=lambda one: one.against_role == "baseline"))

    def share_title(self, fraction: float) -> str:
        """Return "50 % of the training patients"."""
        return self.shares_title([fraction])

    def shares_title(self, fractions: Sequence[float]) -> str:
        """Return "50 % and 25 % of the training patients"."""
        shares = listed([percentage(fraction) for fraction in fractions])
        return f"{shares} of the training {self.configuration.train_fraction_of}"

    def column_title(self, column: Column) -> str:
        """Return "CNN, 50 % of the training patients"."""
        return f"{classifier_name(column.classifier)}, {self.share_title(column.train_fraction)}"

    def short_title(self, column: Column) -> str:
        """Return "CNN, 50 %", or only what tells it from the study's other columns."""
        parts = []
        if len(self.classifiers) > 1:
            parts.append(classifier_name(column.classifier))
        if len({column.train_fraction for column in self.columns}) > 1:
            parts.append(percentage(column.train_fraction))
        return ", ".join(parts)


def belongs(found: object, column: Column) -> bool:
    """Say whether a finding is of a column."""
    return (
        getattr(found, "classifier", None) == column.classifier
        and getattr(found, "train_fraction", None) == column.train_fraction
    )
