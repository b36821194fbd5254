"""Results of decisions, the running score and calibration, against a recomputation from the events alone."""

import itertools
from collections import Counter, defaultdict
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from recorder_examples import approved, decided, filled, snapshot, state

from common.events import AccountUpdated, Action, AgentDecision, Event, IntentKind, RiskDenied, RuleResult, derive
from common.runtime.database import Pool
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from gateway.storage.cycles import CycleQueries
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from recorder.projections.results import fill_in_results

D = Decimal
SPANS = (5, 15, 60, 240)
MODELS = ("deepseek", "llama", "qwen")
COINS = (Symbol.BTC, Symbol.ETH)
START_MS = 1_790_000_040_000
"""23 minutes before midnight (UTC), so that the cycles lie in two days."""
HOURLY = D("0.0000125")
TOLERANCE = D("1e-7")


def denied(decision: Event[AgentDecision]) -> Event[RiskDenied]:
    """A denial with one of two rules failed."""
    rules = (
        RuleResult(code="CONFIDENCE", passed=True, value="72", limit="60", setting="MIN_CONFIDENCE"),
        RuleResult(code="LEVERAGE", passed=False, value="12", limit="10", setting="MAX_LEVERAGE"),
    )
    answer = decision.data.decision
    payload = RiskDenied(
        model=decision.data.model,
        intent_kind=IntentKind.ENTRY,
        decision_id=decision.id,
        denial_code="LEVERAGE",
        symbol=answer.symbol if answer else None,
        rules=rules,
    )
    return derive(decision, payload, decision.recorded_ms + 3)


class Scenario:
    """Five hours of cycles: walking prices, some snapshots missing, each contender's answers and their verdicts."""

    def __init__(self, random: Random) -> None:
        self.events: list[Event[Any]] = []
        self.mids: dict[int, dict[Symbol, D]] = {}
        self.answers: dict[int, dict[str, tuple[Action, Symbol]]] = defaultdict(dict)
        self.signs: dict[tuple[int, str], int | None] = {}
        """Of each approved decision; 0 of one that changes nothing, None of one without a verdict."""
        prices = {coin: D(100) for coin in COINS}
        for minute in range(300):
            at_ms = START_MS + minute * MINUTE_MS
            prices = {coin: mid * (1 + D(random.randint(-20, 20)) / 10_000) for coin, mid in prices.items()}
            if random.random() < 0.9:
                self.mids[at_ms] = {coin: mid.quantize(D("1e-6")) for coin, mid in prices.items()}
                self.events.append(snapshot(f"c{minute}", at_ms, self.mids[at_ms]))
            for model in MODELS:
                if random.random() < 0.95:
                    self.decide(model, minute, at_ms, random)

    def decide(self, model: str, minute: int, at_ms: int, random: Random) -> None:
        action = random.choice((*Action, *[Action.HOLD] * 6))
        coin = random.choice(COINS)
        decision = decided(model, f"c{minute}", at_ms, action=action, symbol=coin)
        self.events.append(decision)
        self.answers[at_ms][model] = (action, coin)
        self.signs[at_ms, model] = 0
        if action is Action.HOLD:
            return
        kind = random.random()
        if kind < 0.3:
            self.events.append(denied(decision))
        elif kind < 0.35:
            self.signs[at_ms, model] = None
        else:
            is_exit = action is Action.CLOSE
            self.events.append(approved(decision, intent_kind=IntentKind.EXIT if is_exit else IntentKind.ENTRY))
            self.signs[at_ms, model] = 1 if action is Action.LONG else -1

    def mid_at(self, at_ms: int, coin: Symbol) -> D | None:
        for moment in (at_ms, at_ms + MINUTE_MS):
            if moment in self.mids:
                return self.mids[moment][coin]
        return None

    def result(self, at_ms: int, model: str, minutes: int) -> D | None:
        """In percent of the position: the move, less hourly funding, both fees of 0.045 %, and a spread of 1 bp."""
        sign = self.signs[at_ms, model]
        if sign is None or sign == 0:
            return None if sign is None else D(0)
        action, coin = self.answers[at_ms][model]
        first, last = self.mid_at(at_ms, coin), self.mid_at(at_ms + minutes * MINUTE_MS, coin)
        if first is None or last is None:
            return None
        hours = (at_ms + minutes * MINUTE_MS) // 3_600_000 - at_ms // 3_600_000
        moved = sign * ((last - first) / first * 100 - hours * HOURLY * 100)
        return moved if action is Action.CLOSE else moved - D("0.09") - D("0.01")


def pair_sums(scenario: Scenario, model: str, rival: str, minutes: int) -> Counter[str]:
    sums: Counter[str] = Counter()
    for at_ms, answers in scenario.answers.items():
        if model not in answers or rival not in answers:
            continue
        a, b = answers[model], answers[rival]
        has_acted = (a[0], b[0]) != (Action.HOLD, Action.HOLD)
        is_same = a[0] == b[0] and (a[0] is Action.HOLD or a[1] == b[1])
        sums.update(cycles=1, agreed=is_same, acted=has_acted, acted_agreed=has_acted and is_same)
        x, y = scenario.result(at_ms, model, minutes), scenario.result(at_ms, rival, minutes)
        if has_acted and x is not None and y is not None:
            sums.update(known=1, model_right=x > y, rival_right=y > x)
    return sums


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
        for table in ("decision_results", "duel_days", "result_days"):
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
