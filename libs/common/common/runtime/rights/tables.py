"""The single list of tables and views: their one owner, who creates and writes them, and who reads them."""

from typing import Final

ROLE_PREFIX: Final = "aicoin_"
READ_ONLY: Final = ("gateway",)
"""Services that own no table."""

TABLES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "executor": {
        "executor_book_entries": (),
        "executor_books": (),
        "executor_cursors": (),
        "executor_epochs": (),
        "executor_flattens": (),
        "executor_halts": ("gateway",),
        "executor_outbox": (),
        "intent_orders": (),
        "intent_sends": (),
        "intents": ("risk", "gateway"),
    },
    "risk": {"risk_state": ("gateway",)},
    "recorder": {
        "account_movements": ("gateway",),
        "account_snapshots": ("gateway",),
        "accounts": ("gateway",),
        "ai_decisions": ("gateway",),
        "alerts": (),
        "benchmark_base": ("gateway",),
        "benchmarks": ("gateway",),
        "commands": (),
        "btc_hours": (),
        "decision_days": (),
        "decision_results": (),
        "duel_hours": (),
        "equity_hours": ("gateway",),
        "fills": ("gateway",),
        "market_price_days": ("gateway",),
        "market_prices": ("gateway",),
        "market_snapshots": ("gateway",),
        "model_statistics": (),
        "orders": (),
        "pnl_reconciliations": (),
        "recorder_epochs": (),
        "result_hours": (),
        "result_horizons": ("gateway",),
        "position_extremes": (),
        "positions": (),
        "record_blobs": ("gateway",),
        "record_heads": (),
        "record_links": ("gateway",),
        "trades": ("gateway",),
        "verdicts": ("risk", "gateway"),
        "api_accounts": ("gateway",),
        "api_alerts": ("gateway",),
        "api_benchmarks": ("gateway",),
        "api_calibrations": ("gateway",),
        "api_day_costs": ("gateway",),
        "api_decision_results": ("gateway",),
        "api_decisions": ("gateway",),
        "api_duels": ("gateway",),
        "api_equity": ("gateway",),
        "api_fills": ("gateway",),
        "api_funding": ("gateway",),
        "api_leaderboard": ("gateway",),
        "api_leads": ("gateway",),
        "api_model_statistics": ("gateway",),
        "api_orders": ("gateway",),
        "api_positions": ("gateway",),
        "api_record_heads": ("gateway",),
        "api_results": ("gateway",),
        "api_trade_coins": ("gateway",),
        "api_trade_groups": ("gateway",),
        "api_snapshots": ("gateway",),
        "api_trades": ("gateway",),
        "trade_calibration": (),
        "trade_coins": (),
        "trade_statistics": (),
    },
}
"""Per owner the tables and views, each with the services that may read it. What isn't listed has no reader."""
OWNERS: Final = tuple(TABLES)
WITHHELD: Final[dict[str, tuple[str, ...]]] = {
    "record_blobs": ("UPDATE", "TRUNCATE"),
    "record_links": ("UPDATE", "DELETE", "TRUNCATE"),
}
"""What not even a table's owner may: rows of the record never change, and only texts are ever dropped."""


def grants_on(table: str, owner: str) -> tuple[str, ...]:
    """Statements after which the table's readers and no others may read it, and the owner has its rights."""
    others = ", ".join(role_name(service) for service in (*OWNERS, *READ_ONLY) if service != owner)
    grants = tuple(f"GRANT SELECT ON {table} TO {role_name(reader)}" for reader in TABLES[owner][table])
    withheld = tuple(f"REVOKE {right} ON {table} FROM {role_name(owner)}" for right in WITHHELD.get(table, ()))
    return (f"REVOKE ALL ON {table} FROM PUBLIC, {others}", *grants, *withheld)


def partition_rights(table: str, partition: str, owner: str) -> tuple[str, ...]:
    """Statements after which the owner alone may use a partition by its own name, and for no more than the table."""
    others = ", ".join(role_name(service) for service in (*OWNERS, *READ_ONLY) if service != owner)
    withheld = tuple(f"REVOKE {right} ON {partition} FROM {role_name(owner)}" for right in WITHHELD.get(table, ()))
    return (f"REVOKE ALL ON {partition} FROM PUBLIC, {others}", *withheld)


def role_name(service: str) -> str:
    """The PostgreSQL role of a service."""
    return ROLE_PREFIX + service
