"""What risk approves lies inside the executor's envelope under the same limits, whatever limits and prices are."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from common.events import Action, Decision, IntentKind
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from executor.domain.envelope import Envelope
from risk.gate.gate_input import GateInput
from risk.gate.sizing import draft_entry
from risk.gate.verdict import intent_of, judge
from support.risk_examples import NOW_MS
from support.risk_strategies import ROSTER, decimals, inputs, priced

D = Decimal


def test_every_approval_of_the_gate_lies_inside() -> None:
    approved: list[IntentKind] = []

    @given(inputs(), decimals("0.95", "1.05", 3))
    @settings(max_examples=800, deadline=None)
    def holds(case: GateInput, drift: Decimal) -> None:
        verdict = judge(case)
        if verdict.denial_code is not None or verdict.draft is None:
            return
        approved.append(case.intent_kind)
        order = intent_of(verdict.draft, NOW_MS + 30_000)
        envelope = Envelope(frozenset(ROSTER.coins), case.limits)
        assert envelope.breach(case.intent_kind, order, verdict.draft.mark_price * drift) is None

    holds()
    assert len(approved) > 50


@given(
    priced(),
    st.sampled_from(list(Side)),
    st.integers(1, 50),
    decimals("0.1", "50", 1),
    decimals("0.1", "5", 1),
    st.one_of(st.none(), decimals("0.5", "1.5", 4)),
    st.one_of(st.none(), decimals("0.5", "1.5", 4)),
)
def test_every_draft_within_the_limits_lies_inside(
    market: tuple[Symbol, Decimal],
    side: Side,
    leverage: int,
    stop_loss_percent: Decimal,
    entry_collar_percent: Decimal,
    stop: Decimal | None,
    target: Decimal | None,
) -> None:
    symbol, mark = market
    limits = Limits(
        stop_loss_percent=stop_loss_percent, entry_collar_percent=entry_collar_percent, max_leverage=leverage
    )
    leverage = min(leverage, INSTRUMENTS[symbol].max_leverage)
    decision = Decision(
        action=Action.LONG if side is Side.LONG else Action.SHORT,
        symbol=symbol,
        leverage=leverage,
        position_size_percent=D(20),
        confidence=D(90),
        reasoning="generated",
        stop_loss=None if stop is None else mark * stop,
        take_profit=None if target is None else mark * target,
    )
    draft = draft_entry(limits, decision, side, equity_usd=D(10**7), mark_price=mark, mid_price=mark)
    if draft.size_coin == 0 or leverage > INSTRUMENTS[symbol].tier(draft.notional_usd).max_leverage:
        return  # Risk denies it by MIN_NOTIONAL or LEVERAGE.
    order = intent_of(draft, NOW_MS + 30_000)
    assert Envelope(frozenset(ROSTER.coins), limits).breach(IntentKind.ENTRY, order, mark) is None
