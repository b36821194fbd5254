"""`aicoin backup`, `aicoin restore` and `aicoin migrate`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import psycopg
import redis
import typer

from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.process.backup.archive import DamagedBackup
from aicoin_local.process.backup.backup import BackupError, make_backup
from aicoin_local.process.backup.places import stores_of
from aicoin_local.process.backup.restore import RestoreError, restore
from aicoin_local.process.backup.versions import migrate_to, versions
from aicoin_local.process.lock import Held, NoFolder
from aicoin_local.settings import full_environment, load_settings, refuse
from aicoin_local.stores import StoreError
from common.runtime.database import MigrationError
from common.runtime.rights.tables import OWNERS

VARIABLE: Final = "BACKUP_PASSPHRASE"
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help=f"Its first line is the passphrase; else {VARIABLE} is.")
]
FAILURES: Final = (
    BackupError,
    RestoreError,
    DamagedBackup,
    MigrationError,
    StoreError,
    NoFolder,
    OSError,
    psycopg.Error,
    redis.RedisError,
)


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="A new file; by default one in the data folder's backups/.")
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Writes everything that the arena has recorded into one file, from a running or a stopped arena."""
    given = full_environment()
    settings, roster = load_settings(given), roster_of(given)
    passphrase = _passphrase(given.get(VARIABLE), passphrase_file)
    suffix = ".zip" if passphrase is None else ".zip.enc"
    target = file or settings.data_dir / "backups" / f"aicoin-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{suffix}"
    try:
        manifest = make_backup(settings, roster.ids, target, passphrase)
    except Held:
        _fail("another aicoin command works on this arena's data")
    except FAILURES as error:
        _fail(f"no backup was made: {error}")
    rows = sum(table["rows"] for table in manifest["tables"].values())
    typer.echo(f"{target}: {rows:,} rows, {manifest['redis_keys']:,} keys, {target.stat().st_size / 1e6:,.1f} MB")
    newest = manifest["newest_decision_at"]
    contenders = ", ".join(manifest["contenders"])
    typer.echo(f"Of {contenders} on {manifest['hyperliquid_env']}; newest decision: {newest or 'none'}.")
    if passphrase is None:
        typer.echo(f"It is not encrypted, and holds the keys of paper accounts; {VARIABLE} encrypts it.")


def restore_file(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    passphrase_file: PassphraseFile = None,
    over: Annotated[list[str] | None, typer.Option("--over", help="Names a place that holds data; repeatable.")] = None,
) -> None:
    """Restores a backup; `make run` then continues that arena. What was there before is kept beside it."""
    given = full_environment()
    settings, roster = load_settings(given), roster_of(given)
    passphrase = _passphrase(given.get(VARIABLE), passphrase_file)
    try:
        manifest, before = restore(settings, file, passphrase, roster.ids, over or ())
    except Held as error:
        _fail(f"the arena runs (pid {error.pid}); make stop ends it")
    except FAILURES as error:
        _fail(f"nothing was restored: {error}")
    typer.echo(f"restored what version {manifest['version']} had at {manifest['made_at']}; make run continues")
    for path in before:
        typer.echo(f"what was there before lies in {path}")
    if list(roster.ids) != manifest["contenders"]:
        typer.echo(f"arena.toml: the backup's contenders were {', '.join(manifest['contenders'])}")


def migrate_tables(
    owner: Annotated[str, typer.Argument(help="executor, recorder or risk; without one all are listed.")] = "",
    to: Annotated[
        int | None, typer.Option("--to", help="The number of the last migration that shall be applied.")
    ] = None,
) -> None:
    """Lists the migrations of a stopped arena's tables, or takes them back to an earlier one of this version's."""
    settings = load_settings(full_environment())
    if bool(owner) != (to is not None) or (owner and owner not in OWNERS):
        refuse([f"migrate: name one of {', '.join(OWNERS)} and its last migration, as in: migrate recorder --to 20"])
    try:
        with stores_of(settings) as stores:
            if stores.is_running:
                _fail("the arena runs; make stop ends it")
            if to is not None:
                typer.echo(f"{owner}: {migrate_to(stores.database_url, owner, to)}")
            for each, lines in versions(stores.database_url).items():
                typer.echo(f"{each:<10} {lines}")
    except Held as error:
        _fail(f"the arena runs (pid {error.pid}); make stop ends it")
    except FAILURES as error:
        _fail(f"nothing was changed: {error}")


def _passphrase(given: str | None, file: Path | None) -> str | None:
    if file is None:
        return given
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        refuse([f"--passphrase-file: {error}"])
    if not lines or not lines[0]:
        refuse([f"--passphrase-file: {file} is empty"])
    return lines[0]


def _fail(reason: str) -> NoReturn:
    typer.echo(f"aicoin: {reason}", err=True)
    raise typer.Exit(1)
