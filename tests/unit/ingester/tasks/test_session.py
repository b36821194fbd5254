"""What the connection delivers, and what readiness and candles follow from it."""

from ingester_frames import COINS, T0_MS, book, build_candle, build_frame, context, mids
from ingester_harness import STALL_LIMIT_S, IngesterHarness

from ingester import metrics
from ingester.market.candles import list_series


def test_it_is_ready_once_every_coin_is_known() -> None:
    harness = IngesterHarness()
    harness.session.on_change(True, "")
    assert harness.unmet["market"] == f"waiting for the first prices of {', '.join(COINS)}"
    harness.deliver_market()
    harness.session.report_readiness()
    assert "market" not in harness.unmet


def test_a_lost_connection_is_unready_and_leaves_possible_gaps() -> None:
    harness = IngesterHarness()
    harness.connect()
    candles = harness.session.market.candles
    for series in list_series(COINS):
        candles.add_history(series, [build_candle(interval=series[1])], requested_in=candles.generation)
    harness.session.on_change(False, "refused")
    assert harness.unmet["market"] == "refused"
    assert candles.complete == set()
    assert candles.generation == 1


def test_failed_attempts_after_a_loss_count_as_no_further_loss() -> None:
    harness = IngesterHarness()
    harness.connect()
    for _ in range(3):
        harness.session.on_change(False, "refused")
    assert harness.session.market.candles.generation == 1


def test_market_time_follows_the_frames_and_the_clock() -> None:
    harness = IngesterHarness()
    assert harness.session.market_ms() == 0
    harness.connect()
    assert harness.session.market_ms() == T0_MS
    harness.clock.ms += 700
    assert harness.session.market_ms() == T0_MS + 700


def test_a_stream_past_the_stall_limit_is_named() -> None:
    harness = IngesterHarness()
    harness.connect()
    harness.clock.ms += round(STALL_LIMIT_S * 1000)
    assert harness.session.find_silent_stream() is None
    harness.session.receive(mids())
    harness.clock.ms += 1
    assert harness.session.find_silent_stream() == f"activeAssetCtx {COINS[0]}"


def test_an_unreadable_frame_is_reported_and_changes_nothing() -> None:
    harness = IngesterHarness()
    harness.connect()
    harness.session.receive(build_frame("trades", [{"coin": "BTC"}]))
    harness.session.receive(build_frame("l2Book", {"coin": "BTC", "levels": "garbage"}))
    assert harness.session.apply_pending() == set()
    assert [event for _, event, _ in harness.log.lines] == ["an unreadable frame was skipped"]


def test_frames_of_other_channels_are_not_counted() -> None:
    harness = IngesterHarness()
    harness.session.receive(build_frame("pong", None))
    assert not any("pong" in sample.labels.values() for family in metrics.FRAMES.collect() for sample in family.samples)


def test_a_market_whose_time_stands_still_ages_whatever_connections_bring() -> None:
    harness = IngesterHarness()

    def connect() -> None:
        harness.session.on_change(True, "")
        for frame in (mids(), *(frame for coin in COINS for frame in (context(coin.value), book(coin.value, T0_MS)))):
            harness.session.receive(frame)
        harness.session.apply_pending()

    connect()
    for _ in range(3):
        harness.clock.ms += 15_000
        harness.session.on_change(False, "silent")
        connect()
    harness.session.report_metrics()
    assert metrics.MARKET_AGE_S._value.get() == 45
