"""What is exported: each file's view, order and columns."""

from dataclasses import dataclass

from gateway.storage.queries import RECORDED_TEXTS

PAGE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Export:
    """`source` is read by (time, key), both unique together; `texts` are columns that a model or an exchange wrote.

    A market's rows have no `model`. `recorded` are columns that stand on the record, by the event's own places; a page
    of those is shorter, as the texts are long.
    """

    source: str
    time: str
    key: str
    columns: tuple[str, ...]
    texts: frozenset[str] = frozenset()
    has_model: bool = True
    recorded: tuple[str, ...] = ()
    page_rows: int = PAGE_ROWS

    @property
    def all_columns(self) -> tuple[str, ...]:
        return (*self.columns, *self.recorded)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EXPORTS = {
    "equity": Export(
        source="api_equity",
        time="time_ms",
        key="model",
        columns=_names(
            "model time_ms equity balance available_balance margin_used unrealized_pnl margin_ratio transfers"
        ),
    ),
    "trades": Export(
        source="api_trades",
        time="entry_time",
        key="id",
        columns=_names(
            "id model symbol side entry_time exit_time entry_price exit_price position_size leverage"
            " entry_notional exit_notional pnl pnl_percent fees funding status close_reason stop_loss"
            " take_profit cycle_id decision_id"
        ),
    ),
    "decisions": Export(
        source="api_decisions",
        time="time_ms",
        key="id",
        columns=_names(
            "id model cycle_id time_ms outcome action symbol leverage position_size_percent confidence"
            " verdict denial_code executed failure_code failure_reason latency_ms provider_model stand_in"
            " leniencies refused_answers reasoning"
        ),
        texts=frozenset({"failure_reason", "reasoning", "provider_model"}),
    ),
    "fills": Export(
        source="api_fills",
        time="time_ms",
        key="id",
        columns=_names("id model symbol side price size fee closed_pnl role order_id trade_id cycle_id time_ms"),
    ),
    "orders": Export(
        source="api_orders",
        time="time_ms",
        key="client_order_id",
        columns=_names(
            "client_order_id order_id model intent_id symbol role side size price trigger_price status reason time_ms"
        ),
        texts=frozenset({"reason"}),
    ),
    "funding": Export(
        source="api_funding",
        time="time_ms",
        key="id",
        columns=_names("id model symbol time_ms amount size rate_hourly"),
    ),
    "snapshots": Export(
        source="api_snapshots",
        time="time_ms",
        key="cycle_id",
        columns=_names("cycle_id time_ms summary"),
        has_model=False,
        page_rows=200,
    ),
    "prompts": Export(
        source="api_decisions",
        time="time_ms",
        key="id",
        columns=_names("id model cycle_id time_ms"),
        texts=frozenset(RECORDED_TEXTS),
        recorded=tuple(RECORDED_TEXTS),
        page_rows=100,
    ),
}
