"""Results of decisions, the running score and calibration, against a recomputation from the events alone."""

import itertools
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from duel_scenario import COINS, MODELS, SPANS, START_MS, Scenario, denied, pair_sums
from recorder_examples import approved, decided, filled, snapshot, state

from common.events import AccountUpdated, Action, Event
from common.runtime.database import Pool
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from gateway.storage.cycles import CycleQueries
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from recorder.projections.results import fill_in_results

D = Decimal
TOLERANCE = D("1e-7")


async def assert_scores(pool: Pool, scenario: Scenario) -> None:
    scores = await CycleQueries(Queries(pool)).scores()
    duels = {(row.pop("model"), row.pop("rival"), row.pop("minutes")): row for row in scores["duels"]}
    assert duels.keys() == {(a, b, span) for a, b in itertools.combinations(MODELS, 2) for span in SPANS}
    for (model, rival, span), row in duels.items():
        assert row == pair_sums(scenario, model, rival, span), (model, rival, span)
        assert row["known"] > 10
    for row in scores["results"]:
        model, span = row["model"], row["minutes"]
        found = [
            scenario.result(at_ms, model, span)
            for (at_ms, name), sign in scenario.signs.items()
            if name == model and sign
        ]
        known = [each for each in found if each is not None]
        assert (row["results"], row["results_right"]) == (len(known), sum(each > 0 for each in known))
        assert abs(D(row["average_result_percent"]) - sum(known) / len(known)) < TOLERANCE


@pytest.mark.parametrize("seed", range(2))
async def test_scores_follow_from_the_events_in_any_order(recorder: Recorder, pool: Pool, seed: int) -> None:
    random = Random(seed)
    scenario = Scenario(random)
    events = scenario.events.copy()
    if seed:
        random.shuffle(events)
    for start in range(0, len(events), 150):
        await recorder.store(events[start : start + 150], 1)
    await assert_scores(pool, scenario)
    async with pool.connection() as connection:
        for table in ("decision_results", "duel_hours", "result_hours"):
            await connection.execute(f"DELETE FROM {table}".encode())
        await fill_in_results(connection)
    await assert_scores(pool, scenario)


async def test_a_cycle_has_each_answer_its_results_and_the_prices(recorder: Recorder, pool: Pool) -> None:
    scenario = Scenario(Random(7))
    await recorder.store(scenario.events, 1)
    cycles = CycleQueries(Queries(pool))
    for minute in (0, 60, 290):
        at_ms = START_MS + minute * MINUTE_MS
        cycle = await cycles.cycle(f"c{minute}")
        assert cycle is not None
        assert cycle["previous_cycle"] == (f"c{minute - 1}" if minute else None)
        assert cycle["next_cycle"] == f"c{minute + 1}"
        assert {row["model"] for row in cycle["decisions"]} == scenario.answers[at_ms].keys()
        for row in cycle["decisions"]:
            assert [each["minutes"] for each in row["results"]] in ([], list(SPANS))
            for each in row["results"]:
                expected = scenario.result(at_ms, row["model"], each["minutes"])
                found = each["result_percent"]
                assert (found is None) == (expected is None)
                assert expected is None or abs(D(found) - expected) < TOLERANCE
        for move, coin in zip(cycle["moves"], COINS if at_ms in scenario.mids else (), strict=True):
            mid = scenario.mids[at_ms][coin]
            assert (move["symbol"], D(move["price"])) == (coin, mid)
            for later in move["later"]:
                price = scenario.mid_at(at_ms + later["minutes"] * MINUTE_MS, coin)
                assert later["later_price"] == (None if price is None else format(price.normalize(), "f"))
                if price is not None:
                    assert abs(D(later["change_percent"]) - (price - mid) / mid * 100) < TOLERANCE
    assert await cycles.cycle("c999") is None


async def test_a_result_is_null_until_its_moment_is_recorded(recorder: Recorder, pool: Pool) -> None:
    decision = decided("qwen", "c0", START_MS)
    mids = {Symbol.BTC: D(100)}
    await recorder.store([snapshot("c0", START_MS, mids), decision, approved(decision)], 1)

    async def results() -> list[str | None]:
        cycle = await CycleQueries(Queries(pool)).cycle("c0")
        assert cycle is not None
        assert cycle["decisions"][0]["trade"] is None
        return [each["result_percent"] for each in cycle["decisions"][0]["results"]]

    assert await results() == [None] * 4
    await recorder.store([snapshot("c5", START_MS + 5 * MINUTE_MS, {Symbol.BTC: D(101)})], 1)
    assert await results() == ["0.9", None, None, None]


async def test_a_known_result_stays_when_its_prices_are_gone(recorder: Recorder, pool: Pool) -> None:
    decision = decided("qwen", "c0", START_MS)
    snapshots = [snapshot(f"c{n}", START_MS + n * MINUTE_MS, {Symbol.BTC: D(100 + n)}) for n in (0, 5)]
    await recorder.store([*snapshots, decision, approved(decision)], 1)
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM market_snapshots WHERE time_ms = %s", (START_MS,))
    await recorder.store([snapshot("c15", START_MS + 15 * MINUTE_MS, {Symbol.BTC: D(115)})], 1)
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT minutes FROM decision_results WHERE result_percent IS NOT NULL")
        assert await cursor.fetchall() == [(5,)]


async def test_a_denial_names_its_failed_rules(recorder: Recorder, pool: Pool) -> None:
    refused, holding = decided("qwen", "c0", START_MS), decided("llama", "c0", START_MS, action=Action.HOLD)
    passed = decided("deepseek", "c0", START_MS)
    await recorder.store([refused, denied(refused), holding, passed, approved(passed)], 1)
    rows, _ = await Queries(pool).decisions({}, None, 9, None)
    found = {row["model"]: (row["rules_judged"], [rule["code"] for rule in row["failed_rules"]]) for row in rows}
    assert found == {"qwen": (2, ["LEVERAGE"]), "llama": (0, []), "deepseek": (1, [])}


async def test_decisions_are_filtered_and_end_at_a_time(recorder: Recorder, pool: Pool) -> None:
    scenario = Scenario(Random(3))
    await recorder.store(scenario.events, 1)
    every, _ = await Queries(pool).decisions({}, None, 10_000, None)
    until_ms = START_MS + 200 * MINUTE_MS
    for filters in ({"action": "LONG"}, {"symbol": "ETH", "verdict": "DENIED"}, {"model": "qwen", "action": "CLOSE"}):
        found, _ = await Queries(pool).decisions(filters, until_ms, 10_000, None)
        expected = [row for row in every if row["time_ms"] <= until_ms and filters.items() <= row.items()]
        assert found == expected
        assert expected


async def test_calibration_counts_closed_trades_by_confidence(recorder: Recorder, pool: Pool) -> None:
    stated = [(D(60), 5), (D("69.9"), -5), (D(70), 5), (D(100), 5), (D(95), -1), (D(80), 0)]
    events: list[Event[Any]] = []
    for number, (confidence, gain) in enumerate(stated):
        at_ms = START_MS + number * MINUTE_MS
        decision = decided("qwen", f"c{number}", at_ms, confidence=confidence)
        intent = approved(decision)
        events += [decision, intent, filled("qwen", Symbol.BTC, 2 * number, at_ms, D(1), D(100), D(0), intent=intent)]
        if confidence != 80:
            exit_price, realized = D(100 + gain), D(gain)
            events.append(
                filled("qwen", Symbol.BTC, 2 * number + 1, at_ms + 9, D(-1), exit_price, D(1), closed_pnl=realized)
            )
    await recorder.store(events, 1)
    [row] = (await CycleQueries(Queries(pool)).scores())["calibrations"]
    found = [
        (each["from_percent"], each["trades"], each["trades_won"], each["average_confidence"])
        for each in row["buckets"]
    ]
    assert found == [(60, 2, 1, "64.95"), (70, 1, 1, "70"), (90, 2, 1, "97.5")]


async def test_another_account_begins_its_own_score(recorder: Recorder, pool: Pool) -> None:
    def of(environment: str, time_ms: int) -> Event[AccountUpdated]:
        event = state("deepseek", time_ms, D(10_000))
        return event.model_copy(update={"data": event.data.model_copy(update={"environment": environment})})

    async def pairs() -> list[tuple[str, str]]:
        return sorted({(row["model"], row["rival"]) for row in (await CycleQueries(Queries(pool)).scores())["duels"]})

    scenario = Scenario(Random(1))
    await recorder.store([of("paper", START_MS - 1), *scenario.events], 1)
    before = await CycleQueries(Queries(pool)).scores()
    assert await pairs() == list(itertools.combinations(MODELS, 2))
    later_ms = START_MS + DAY_MS
    answers = [decided(model, "d0", later_ms, action=Action.HOLD) for model in ("llama", "qwen")]
    await recorder.store([of("testnet", later_ms), *answers], 1)
    assert await pairs() == [("llama", "qwen")]
    await recorder.store([of("paper", later_ms + 1)], 1)
    after = await CycleQueries(Queries(pool)).scores()
    assert after["results"] == before["results"]
    assert await pairs() == list(itertools.combinations(MODELS, 2))


async def test_a_start_leaves_the_hours_of_one_contender(recorder: Recorder, pool: Pool) -> None:
    decision = decided("qwen", "c0", START_MS)
    snapshots = [snapshot(f"c{n}", START_MS + n * MINUTE_MS, {Symbol.BTC: D(100 + n)}) for n in (0, 5)]
    await recorder.store([*snapshots, decision, approved(decision)], 1)
    async with pool.connection() as connection:
        await connection.execute("UPDATE result_hours SET results = 999")
        await fill_in_results(connection)
        cursor = await connection.execute("SELECT DISTINCT results FROM result_hours")
        assert await cursor.fetchall() == [(999,)]
        await connection.execute("DELETE FROM result_hours")
        await fill_in_results(connection)
        cursor = await connection.execute("SELECT DISTINCT results FROM result_hours")
        assert await cursor.fetchall() == [(1,)]
