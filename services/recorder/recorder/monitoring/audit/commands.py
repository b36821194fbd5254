"""`aicoin audit`: verifies the record, exports it, prints its heads."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import psycopg
import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.runtime.database import CONNECT_LIMIT_S, DatabaseUrl
from common.runtime.record.compression import DamagedContent
from common.runtime.record.links import UnreadableRecord
from common.runtime.settings import load_settings
from recorder.monitoring.audit.export import export_record
from recorder.monitoring.audit.findings import Finding, Report
from recorder.monitoring.audit.verify import Span, chains_of, verify_chain, verify_heads
from recorder.storage.statements import Connection, select

EXIT_FAULTS: Final = 1
EXIT_UNUSABLE: Final = 2

app = typer.Typer()
audit = typer.Typer(help="The record of what models were shown, answered and traded.", no_args_is_help=True)
app.add_typer(audit, name="audit")

Contender = Annotated[str | None, typer.Option("--contender", help="One chain, by contender id; all when left out.")]
From = Annotated[datetime | None, typer.Option("--from", help="Event time (UTC) to begin with.")]
To = Annotated[datetime | None, typer.Option("--to", help="Event time (UTC) to end with.")]
Heads = Annotated[list[str] | None, typer.Option("--head", help="CHAIN:SEQUENCE:LINK, noted earlier; repeatable.")]


class AuditSettings(BaseSettings):
    """Where the record is."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    database_url: DatabaseUrl


@audit.command()
def verify(contender: Contender = None, first: From = None, last: To = None, head: Heads = None) -> None:
    """Looks for any change, missing row or reordered row. Exit code 0: none; 1: each is a line; 2: can't be read."""
    report, noted = _report(), dict(_noted(text) for text in head or ())

    async def run(connection: Connection) -> None:
        for chain in await _chains(connection, contender):
            await verify_chain(connection, report, chain, Span(_ms(first), _ms(last)))
        await verify_heads(connection, report, noted)

    _run(run)
    if report.faults > len(report.findings):
        typer.echo(f"and {report.faults - len(report.findings):,} more")
    kept = f", {report.texts_not_kept:,} of them no longer kept" if report.texts_not_kept else ""
    rows = f" ({report.rows_not_kept:,} no longer kept)" if report.rows_not_kept else ""
    counted = f"{report.links:,} links, {report.rows:,} rows{rows}, {report.texts:,} texts{kept}"
    typer.echo(f"{counted}; {report.faults:,} faults")
    if report.faults:
        raise typer.Exit(EXIT_FAULTS)


@audit.command()
def export(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")], contender: Contender = None) -> None:
    """Writes a copy that anybody can verify with Python alone: links, texts, a script and how to read them."""
    report = _report()

    async def run(connection: Connection) -> None:
        await export_record(connection, report, folder, await _chains(connection, contender))

    try:
        _run(run)
    except OSError as error:
        _refuse(f"FOLDER: {error}")
    kept = f", {report.texts_not_kept:,} texts no longer kept or damaged" if report.texts_not_kept else ""
    typer.echo(f"{report.links:,} links, {report.texts:,} texts{kept}; verify with: python3 {folder / 'verify.py'}")


@audit.command()
def head() -> None:
    """Prints the newest link of each chain, to be noted somewhere else: later ones are verified against it."""

    async def run(connection: Connection) -> None:
        for row in await select(connection, "SELECT chain, sequence, link FROM record_heads ORDER BY chain"):
            typer.echo(f"{row['chain']}:{row['sequence']}:{row['link'].hex()}")

    _run(run)


def _report() -> Report:
    """One that prints findings as they come and, on a terminal, how far the audit is."""
    is_terminal = typer.get_text_stream("stderr").isatty()

    def show(chain: str, sequence: int, last: int) -> None:
        if is_terminal:
            typer.echo(f"\r{chain}: {sequence:,} of {last:,} links\x1b[K", err=True, nl=sequence >= last)

    def print_finding(finding: Finding) -> None:
        typer.echo(str(finding))

    return Report(on_finding=print_finding, on_progress=show)


async def _chains(connection: Connection, contender: str | None) -> list[str]:
    chains = await chains_of(connection)
    if contender is None:
        return chains
    if contender not in chains:
        _refuse(f"--contender: there is no chain {contender!r}; there are {', '.join(chains) or 'none'}")
    return [contender]


def _run(work: Callable[[Connection], Awaitable[None]]) -> None:
    """Runs `work` on one state of the database, whatever is recorded meanwhile."""
    asyncio.run(_connected(work))


async def _connected(work: Callable[[Connection], Awaitable[None]]) -> None:
    url = load_settings("aicoin", AuditSettings).database_url.get_secret_value()
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=CONNECT_LIMIT_S) as connection:
            await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            await work(connection)
    except psycopg.Error as error:
        _refuse(f"DATABASE_URL: {str(error).strip().splitlines()[0]}")
    except (DamagedContent, UnreadableRecord) as error:
        _refuse(f"the record can't be read: {error}; aicoin audit verify names where")


def _noted(text: str) -> tuple[str, tuple[int, bytes]]:
    try:
        chain, sequence, link = text.split(":")
        return chain, (int(sequence), bytes.fromhex(link))
    except ValueError:
        _refuse(f"--head: must be CHAIN:SEQUENCE:LINK (got {text!r})")


def _ms(time: datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=UTC).timestamp() * 1000)


def _refuse(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(EXIT_UNUSABLE)
