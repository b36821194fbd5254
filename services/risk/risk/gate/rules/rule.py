"""What a rule is: a pure check, beside it the text of its row in docs/risk-rules.md, and the judgement it returns."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import Final

from common.events import IntentKind, RuleResult
from common.events.envelope import plain
from risk.gate.gate_input import GateInput
from risk.gate.sizing import Draft

Figure = Decimal | int | str
NO_SETTING: Final = ""
"""The `setting` of a judgement that no single setting explains."""
_PLACES: Final = Decimal("0.0001")
_LARGE: Final = Decimal(10) ** 20


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check found: whether it passed, its figure, and the limit that the figure is compared with.

    `setting` is the field of Limits behind the limit; None stands for the rule's first setting.
    """

    passed: bool
    value: Figure | None = None
    limit: Figure | None = None
    detail: str | None = None
    setting: str | None = None


def not_judged(missing: str, setting: str | None = None) -> Judgement:
    """The judgement of a rule that lacks an input: what can't be judged doesn't pass."""
    return Judgement(passed=False, detail=f"not judged: {missing}", setting=setting)


Check = Callable[[GateInput, Draft | None], Judgement]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the gate.

    `code` names it in verdicts, prompts and tables. `passes_when` completes "The rule passes when ..." in the
    documentation. `settings` are the fields of Limits that the check reads. `draft` is None in a check where no order
    could be drafted (see `verdict.draft_order`).
    """

    code: str
    passes_when: str
    check: Check
    settings: tuple[str, ...] = ()
    for_entries: bool = True
    for_exits: bool = False

    def applies_to(self, intent_kind: IntentKind) -> bool:
        return self.for_entries if intent_kind is IntentKind.ENTRY else self.for_exits

    def judge(self, inputs: GateInput, draft: Draft | None) -> RuleResult:
        """The judgement as it is recorded: figures as short text, the setting by its name in the environment."""
        found = self.check(inputs, draft)
        setting = found.setting
        if setting is None:
            setting = self.settings[0] if self.settings else NO_SETTING
        return RuleResult(
            code=self.code,
            passed=found.passed,
            value=None if found.value is None else figure(found.value),
            limit=None if found.limit is None else figure(found.limit),
            setting=setting.upper() or None,
            detail=found.detail,
        )


def rule(
    code: str,
    passes_when: str,
    *,
    settings: tuple[str, ...] = (),
    for_entries: bool = True,
    for_exits: bool = False,
) -> Callable[[Check], Rule]:
    """Makes a rule of the check that it decorates; `rules_of` finds it in its module."""
    return lambda check: Rule(code, passes_when, check, settings, for_entries, for_exits)


def rules_of(module: ModuleType) -> tuple[Rule, ...]:
    """A module's rules, in the order in which they are written."""
    return tuple(each for each in vars(module).values() if isinstance(each, Rule))


def figure(value: Figure) -> str:
    """A figure for people: at most four decimals, no exponent, no trailing zeros."""
    if not isinstance(value, Decimal):
        return str(value)
    if not value.is_finite() or abs(value) > _LARGE:
        return str(value)
    text = plain(value.quantize(_PLACES))
    return text.rstrip("0").rstrip(".") if "." in text else text
