"""The latency of price pushes: percentiles of a bounded sample."""

from gateway.push.latency import SAMPLE, PushLatency


def test_without_pushes_there_are_no_percentiles() -> None:
    assert PushLatency().summary() == {"name": "tick_to_push", "p50_ms": None, "p99_ms": None, "count": 0}


def test_percentiles_are_of_the_latest_sample_and_never_negative() -> None:
    latency = PushLatency()
    for latency_ms in (10_000, -5, *range(1, SAMPLE)):
        latency.record(latency_ms)
    summary = latency.summary()
    assert (summary["count"], summary["p50_ms"], summary["p99_ms"]) == (SAMPLE, 500, 989)
