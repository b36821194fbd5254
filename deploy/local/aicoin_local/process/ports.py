"""Whether the configured ports are free, checked before anything starts."""

import contextlib
import socket

import psutil

from aicoin_local.configuration.environment import services_to_run
from aicoin_local.settings import LocalSettings
from common.trading.roster import Roster


def ports_to_bind(settings: LocalSettings, roster: Roster) -> list[tuple[str, int]]:
    """(setting, port) of everything that is about to listen."""
    ports = [("GATEWAY_PORT", settings.gateway_port)]
    if settings.needs_simulator:
        ports.append(("SIMULATOR_PORT", settings.simulator_port))
        ports.append(("SIMULATOR_SERVICES_PORT", settings.simulator_services_port))
    if settings.redis_url is None:
        ports.append(("REDIS_PORT", settings.redis_port))
    if settings.database_url is None:
        ports.append(("POSTGRES_PORT", settings.postgres_port))
    base = settings.metrics_base_port
    return ports + [("METRICS_BASE_PORT", base + spec.metrics_offset) for spec in services_to_run(settings, roster)]


def port_conflicts(settings: LocalSettings, roster: Roster) -> list[str]:
    """One line per port that can't be bound: the setting, and the process that listens there if it can be seen."""
    lines = []
    taken: dict[int, str] = {}
    for setting, port in ports_to_bind(settings, roster):
        if port in taken:
            lines.append(f"{setting}: port {port} is also {taken[port]}; give each its own")
        elif not _is_free(port):
            lines.append(
                f"{setting}: port {port} is in use{_listener(port)}; set another one in the environment or .env"
            )
        taken[port] = setting
    return lines


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _listener(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
