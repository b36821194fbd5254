"""The rows of the replay: what is stored, and the arena at moments of it."""

from gateway.rest.schema_parts import Schema, many, ref, row

MOMENTS: dict[str, Schema] = {
    "Moment": row(
        "time_ms:ms",
        prices=many(ref("Price")),
        accounts=many(ref("Account")),
        positions=many(ref("Position")),
        benchmarks=many(ref("Benchmark")),
    ),
}
REPLAY_RESPONSES: dict[str, Schema] = {
    "/replay": row("first_ms:ms? last_ms:ms?"),
    "/replay/moments": row("", moments=many(ref("Moment"))),
}
