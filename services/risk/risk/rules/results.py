"""How a rule states its judgement: figures as short text, with the limit and the setting it comes from."""

from decimal import Decimal
from typing import Final

from common.events import RuleResult
from common.events.envelope import plain
from risk.codes import Code

_PLACES: Final = Decimal("0.0001")
_LARGE: Final = Decimal(10) ** 20


def figure(value: Decimal | int | str) -> str:
    """A figure for people: at most four decimals, no exponent, no trailing zeros."""
    if not isinstance(value, Decimal):
        return str(value)
    if not value.is_finite() or abs(value) > _LARGE:
        return str(value)
    text = plain(value.quantize(_PLACES))
    return text.rstrip("0").rstrip(".") if "." in text else text


def judged(
    code: Code,
    passed: bool,
    *,
    value: Decimal | int | str | None = None,
    limit: Decimal | int | str | None = None,
    setting: str | None = None,
    detail: str | None = None,
) -> RuleResult:
    """A rule's result with its figures; `setting` is the variable's name in the environment."""
    return RuleResult(
        code=code,
        passed=passed,
        value=None if value is None else figure(value),
        limit=None if limit is None else figure(limit),
        setting=setting,
        detail=detail,
    )


def not_judged(code: Code, missing: str, setting: str | None = None) -> RuleResult:
    """The result of a rule that lacks what it looks at: what can't be judged doesn't pass."""
    return RuleResult(code=code, passed=False, setting=setting, detail=f"not judged: {missing}")
