"""Asks models about a span of the record again, and reports what differs."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args

import psycopg
import typer
from rich.console import Console

from common.agent.prompt.strategy import StrategyError, load_strategy
from common.runtime.roster import load_roster
from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.roster import Language, Mode
from replay.domain.answer import Arm
from replay.domain.cycle import HORIZONS_MIN, QuotePath, StoredCycle
from replay.domain.summary import Summary, summarize
from replay.report.files import Heading, write_report
from replay.report.text import print_summary
from replay.runs.arms import arms_of, prompt_diff
from replay.runs.ask import Asking, AskRun
from replay.runs.models import AskedModel, RunBudget, open_model
from replay.runs.plugins import load_gate
from replay.runs.progress import progress_bar
from replay.runs.prompts import PromptChange
from replay.runs.record import RecordError
from replay.storage.cycles import Span, read_cycles
from replay.storage.journal import Journal, OtherRun
from replay.storage.quotes import read_quotes

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
JOURNAL: Final = "journal.jsonl"
SEED: Final = 14
"""Of the resampling: the same answers give the same bands."""
PAGE_MS: Final = HOUR_MS
RETURNS_NOTE: Final = (
    "Returns are basis points of the account's equity: mid price to mid price, net of both taker fees, the spread and "
    "funding. Stops, targets and later decisions are not followed."
)


@dataclass(frozen=True, slots=True)
class AskOptions:
    """The command's options, as given."""

    strategy: str | None
    mode: str | None
    live: bool
    samples: int
    out: Path
    cap_usd: Decimal
    parallel: int
    yes: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One contender's model and arms, from its first recorded cycle; `cycles` is how many it has."""

    model: AskedModel
    arms: Mapping[Arm, PromptChange]
    samples: int
    first: StoredCycle
    cycles: int

    @property
    def answers(self) -> int:
        """How many are to be asked for."""
        return self.cycles * len(self.arms) * self.samples

    def left(self, journal: Journal) -> int:
        """How many of them the journal does not hold yet."""
        name = self.first.decision.data.model
        asked = sum(each.model == name and each.arm is not Arm.RECORDED for each in journal.answers.values())
        return max(0, self.answers - asked)


def run_asked(console: Console, url: str, models: Sequence[str], span: Span, options: AskOptions) -> bool:
    """Runs it; whether all has been asked. Raises RecordError."""
    return asyncio.run(_run(console, url, models, span, options))


async def _run(console: Console, url: str, models: Sequence[str], span: Span, options: AskOptions) -> bool:
    changes, budget, gate = _changes(options), RunBudget(options.cap_usd), load_gate()
    identity = {"from_ms": span.first_ms, "to_ms": span.last_ms, "models": list(models), **_identity(options, changes)}
    # A run takes hours: it must not hold a transaction open, which would keep PostgreSQL from cleaning up.
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        plans = {model: await _plan(connection, model, span, options, changes, budget) for model in models}
        interval_min = next(iter(plans.values())).first.snapshot.data.interval_s * 1000 / MINUTE_MS
        try:
            with Journal(options.out / JOURNAL, identity) as journal:
                budget.resume(journal.spent_usd, journal.spend)
                _confirm(plans, journal, options)
                run = AskRun(journal, gate, parallel=options.parallel)
                await _ask_all(console, run, connection, plans, span)
                horizon_ms = max(HORIZONS_MIN) * MINUTE_MS
                quotes = await read_quotes(connection, span.first_ms, span.last_ms + 2 * horizon_ms)
                path = QuotePath(quotes, round(interval_min * MINUTE_MS))
                summaries = summarize(journal.answers.values(), path, interval_min, SEED)
        except OtherRun as error:
            raise RecordError(f"--out: {options.out} holds another run: {error}") from None
        except OSError as error:
            raise RecordError(f"--out: {options.out} can't be written: {error}") from None
        finally:
            for plan in plans.values():
                await plan.model.close()
    notes = [RETURNS_NOTE, _gate_note(gate is not None), *(plan.model.label for plan in plans.values())]
    heading = Heading("Decision replay", " ".join(sys.argv[1:]), identity, notes)
    _report(console, summaries, plans, heading, options)
    if run.stopped is not None:
        hint = "" if options.live else " The stand-in answers in the simulator of a running arena (make run)."
        console.print(f"Stopped: {run.stopped}.{hint} The same command goes on from here.", markup=False)
    return run.stopped is None


def _changes(options: AskOptions) -> dict[str, PromptChange]:
    """The changed prompt by language: a shipped strategy has a text for each."""
    if options.mode is not None and options.mode not in MODES:
        raise RecordError(f"--mode: {options.mode!r} is none of {', '.join(MODES)}")
    try:
        strategies = {
            each: None if options.strategy is None else load_strategy(options.strategy, each) for each in LANGUAGES
        }
    except StrategyError as error:
        raise RecordError(f"--strategy: {error}") from None
    return {each: PromptChange(strategy=strategy, mode=options.mode) for each, strategy in strategies.items()}


def _identity(options: AskOptions, changes: Mapping[str, PromptChange]) -> dict[str, Any]:
    """What makes two runs the same, so that one goes on where the other ended."""
    return {
        "strategy": options.strategy,
        "strategy_hashes": [each.strategy and each.strategy.digest for each in changes.values()],
        "mode": options.mode,
        "live": options.live,
        "samples": options.samples,
    }


async def _plan(
    connection: psycopg.AsyncConnection[Any],
    model: str,
    span: Span,
    options: AskOptions,
    changes: Mapping[str, PromptChange],
    budget: RunBudget,
) -> Plan:
    roster = load_roster("aicoin")
    if model not in roster.ids:
        raise RecordError(f"--contender: {model} is not in the roster any more, so nothing says how it is asked")
    async for cycle in _cycles(connection, (model,), span):
        recorded = cycle.decision.data
        if recorded.inputs is not None and recorded.prompt is not None:
            break
    else:
        raise RecordError(f"no decision of {model} within these times holds what its prompt was made from")
    change = changes[recorded.inputs.language]
    arms = arms_of(change, options.samples, recorded.inputs, recorded.prompt.strategy)
    asked = open_model(roster.contender(model), recorded.inputs.coins, budget, live=options.live)
    return Plan(asked, arms, max(1, options.samples), cycle, span.by_model[model])


async def _cycles(
    connection: psycopg.AsyncConnection[Any], models: Sequence[str], span: Span
) -> AsyncIterator[StoredCycle]:
    """The span's cycles in the order of their times, read a page at a time."""
    for begin in range(span.first_ms, span.last_ms + 1, PAGE_MS):
        page = await read_cycles(connection, models, begin, min(begin + PAGE_MS - 1, span.last_ms))
        for cycle in page.found:
            yield cycle


def _confirm(plans: Mapping[str, Plan], journal: Journal, options: AskOptions) -> None:
    """Says what the rest of the run is likely to cost, and asks unless it costs nothing."""
    total_usd = Decimal(0)
    for name, plan in plans.items():
        left = plan.left(journal)
        usd = left * plan.model.estimate_usd(plan.first.decision.data)
        typer.echo(f"{name}: {left} answers of {plan.model.label}, about {usd:.2f} USD")
        total_usd += usd
    if total_usd == 0 or options.yes:
        return
    spent = f", {journal.spent_usd:.2f} USD spent already" if journal.spent_usd else ""
    question = f"Spend about {total_usd:.2f} USD{spent}? No more than {options.cap_usd:.2f} USD in all (--cap-usd)"
    if not typer.confirm(question):
        raise RecordError("nothing was asked")


async def _ask_all(
    console: Console,
    run: AskRun,
    connection: psycopg.AsyncConnection[Any],
    plans: Mapping[str, Plan],
    span: Span,
) -> None:
    asking = {name: Asking(plan.model.requester, plan.arms, plan.samples) for name, plan in plans.items()}
    with progress_bar(console, "asking", sum(plan.answers for plan in plans.values())) as done:
        await run.ask(_cycles(connection, tuple(plans), span), asking, done)


def _report(
    console: Console,
    summaries: Sequence[Summary],
    plans: Mapping[str, Plan],
    heading: Heading,
    options: AskOptions,
) -> None:
    for summary in summaries:
        print_summary(console, summary)
    diff = next((text for plan in plans.values() if (text := prompt_diff(plan.first, plan.arms[Arm.CHANGED]))), "")
    for path in write_report(options.out, heading, summaries, diff):
        console.print(f"written: {path}", markup=False)


def _gate_note(is_installed: bool) -> str:
    if is_installed:
        return (
            "Denials are the risk gate's own, on the state that the prompt was made from. What risk learned between "
            "snapshot and answer is left out, so that a recorded decision may be judged otherwise than it was."
        )
    return "The risk service is not installed here: recorded decisions have their recorded verdicts, others none."
