"""What must hold before a version is approved: nothing, the operator's word, or rules.

A rule is a function from a version to what it still lacks. Another room adds its own by handing it
to `approval_of` under the name that `HUB_APPROVAL` calls it by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.errors import CannotServeError
from shared.records import GeneratorVersion
from shared.statements import AuditStatement
from shared.states import APPROVED, State

NONE, OPERATOR = "none", "operator"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that may be approved, and what is known of it.

    Attributes:
        statement: What its centre states of its audit, if anything.
    """

    record: GeneratorVersion
    statement: AuditStatement | None


Rule = Callable[[Candidate], str | None]
"""Says in words what a version lacks; None where the rule holds."""


def audit_passed(candidate: Candidate) -> str | None:
    """Hold for a version whose centre states that its audit passed its policy."""
    statement = candidate.statement
    if statement is None:
        return "no audit is stated"
    if statement.verdict != "passed":
        return f"its audit is stated as {statement.verdict}"
    return None


RULES: Mapping[str, Rule] = MappingProxyType({"audit_passed": audit_passed})
"""By the names that HUB_APPROVAL has."""


@dataclass(frozen=True, slots=True)
class Approval:
    """How versions of a hub come to be approved.

    Attributes:
        at_once: Whether all are, as they are published.
        rules: Those that must all hold; none: the operator approves.
    """

    at_once: bool
    rules: Mapping[str, Rule]

    @property
    def first_state(self) -> State:
        """What a version is when its centre has handed it in."""
        return APPROVED if self.at_once else "pending_review"

    def lacking(self, candidate: Candidate) -> tuple[str, ...]:
        """Say what a version lacks to be approved without the operator."""
        if not self.rules:
            return ("the operator has not approved it",)
        found = (rule(candidate) for rule in self.rules.values())
        return tuple(lack for lack in found if lack is not None)


AT_ONCE = Approval(at_once=True, rules={})


def approval_of(setting: str, rules: Mapping[str, Rule] = RULES) -> Approval:
    """Return what HUB_APPROVAL asks for: `none`, `operator`, or names of rules with commas.

    Raises:
        CannotServeError: It names a rule that there is not.
    """
    if setting in {NONE, OPERATOR}:
        return Approval(at_once=setting == NONE, rules={})
    names = [name.strip() for name in setting.split(",")]
    unknown = [name for name in names if name not in rules]
    if unknown:
        raise CannotServeError(
            f"HUB_APPROVAL asks for {unknown[0]!r}; it takes {NONE}, {OPERATOR}, or with commas "
            f"any of {', '.join(sorted(rules))}"
        )
    return Approval(at_once=False, rules={name: rules[name] for name in names})
