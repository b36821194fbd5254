"""`aicoin replay`: decisions of the record once more, by the agents' own code.

Reads    the record (PostgreSQL); with --strategy, --mode or --live a model's API, or the simulator's stand-in
Writes   nothing in the arena; the journal and the report of a run in the folder --out
Failure  a model that fails stops the run, which goes on where it was when the command is given again
"""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final, NoReturn

import psycopg
import typer
from rich.console import Console

from common.runtime.record.reader import DamagedRecord
from common.runtime.settings import load_settings
from replay.config import ReplaySettings
from replay.report.text import print_differences
from replay.runs.asked_run import AskOptions, run_asked
from replay.runs.exact_run import run_exactly
from replay.runs.progress import progress_bar
from replay.runs.record import RecordError, find_models, find_span
from replay.storage.cycles import Span

EXIT_DIFFERENT: Final = 1
EXIT_REFUSED: Final = 2
PIPED_WIDTH: Final = 160
LATEST_MS: Final = round(datetime(9999, 1, 1, tzinfo=UTC).timestamp() * 1000)

app = typer.Typer(help="Replays recorded decisions.", pretty_exceptions_enable=False)


def _usd(text: str) -> Decimal:
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal("nan")
    if not usd.is_finite() or usd < 0:
        raise typer.BadParameter(f"{text!r} is no sum of money")
    return usd


@app.command("replay")
def replay(
    first: Annotated[str | None, typer.Option("--from", help="First cycle, UTC: 2026-11-30T12:00 or ms.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last cycle; the record's end when left out.")] = None,
    contender: Annotated[list[str] | None, typer.Option(help="One contender by id, may be repeated; else all.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Another strategy: a shipped name or a text file.")] = None,
    mode: Annotated[str | None, typer.Option(help="Another mode of the prompt.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the contender's real model, not the stand-in.")] = False,
    samples: Annotated[
        int, typer.Option(min=0, max=100, help="Compare both strategies with so many answers each.")
    ] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the run's journal and report.")] = Path("replay-run"),
    cap_usd: Annotated[Decimal, typer.Option(parser=_usd, help="The most that the run may spend, USD.")] = Decimal(5),
    parallel: Annotated[int, typer.Option(min=1, max=64, help="How many requests at a time.")] = 4,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking first.")] = False,
) -> None:
    """Replays recorded decisions.

    Without further options each must come out byte for byte as it is recorded; exit code 1 where one does not. With
    another strategy or mode, or --live, a model is asked again, and what differs is reported with its returns.
    """
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    url = load_settings("aicoin", ReplaySettings).database_url.get_secret_value()
    is_exact = strategy is None and mode is None and not live
    if is_exact and samples:
        _refuse("--samples compares two strategies: name another one by --strategy or --mode")
    options = AskOptions(
        strategy=strategy, mode=mode, live=live, samples=samples, out=out, cap_usd=cap_usd, parallel=parallel, yes=yes
    )
    try:
        models = asyncio.run(find_models(url, contender or ()))
        span = asyncio.run(find_span(url, models, _time_ms(first, "--from"), _time_ms(last, "--to")))
        console.print(f"{span.decisions} decisions of {', '.join(models)}, {_shown(span)}", markup=False)
        is_done = _exactly(console, url, models, span) if is_exact else run_asked(console, url, models, span, options)
    except RecordError as error:
        _refuse(str(error))
    except DamagedRecord as error:
        _refuse(f"the record is damaged: {error}; aicoin audit verify names every fault")
    except psycopg.Error as error:
        _refuse(f"DATABASE_URL: {str(error).strip().splitlines()[0]}")
    raise typer.Exit(0 if is_done else EXIT_DIFFERENT)


def _exactly(console: Console, url: str, models: tuple[str, ...], span: Span) -> bool:
    """Whether every decision came out as it is recorded."""
    with progress_bar(console, "replaying", span.decisions) as done:
        report = run_exactly(url, models, span, done)
    print_differences(console, report.differences)
    console.print(", ".join(f"{count} {name}" for name, count in report.counts.items() if count), markup=False)
    return not report.differences


def _time_ms(text: str | None, option: str) -> int | None:
    """A time in ms since 1970; without a zone it is UTC."""
    if text is None:
        return None
    try:
        if text.isdecimal():
            time_ms = int(text)
        else:
            moment = datetime.fromisoformat(text)
            time_ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        if not 0 <= time_ms < LATEST_MS:
            raise ValueError(text)
    except (ValueError, OverflowError):
        _refuse(f"{option}: {text!r} is no time; write it like 2026-11-30T12:00 (UTC)")
    return time_ms


def _shown(span: Span) -> str:
    first, last = (datetime.fromtimestamp(each / 1000, UTC) for each in (span.first_ms, span.last_ms))
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def _refuse(reason: str) -> NoReturn:
    typer.echo(f"aicoin replay: {reason}", err=True)
    raise typer.Exit(EXIT_REFUSED)
