"""The rows of a cycle and of the contenders' running score."""

from gateway.rest.schema_parts import Schema, many, ref, row

CYCLES: dict[str, Schema] = {
    "PriceMove": row(
        "symbol:text price:money",
        later=many(row("minutes:int time_ms:ms? later_price:money? change_percent:money?")),
    ),
    "Cycle": row(
        "cycle_id:text time_ms:ms previous_cycle:text? next_cycle:text? snapshot:MarketSummary?",
        decisions=many(ref("CycleDecision")),
        moves=many(ref("PriceMove")),
    ),
    "Duel": row(
        "model:text rival:text minutes:int cycles:int agreed:int acted:int acted_agreed:int known:int model_right:int"
        " rival_right:int"
    ),
    "ResultSum": row("model:text minutes:int results:int results_right:int average_result_percent:money"),
    "CalibrationBucket": row("from_percent:int trades:int trades_won:int average_confidence:money"),
}
