"""A busy port is named with its setting and its listener before anything starts."""

import os
import secrets
import socket
from pathlib import Path

import pytest

from aicoin_local.process.ports import port_conflicts
from aicoin_local.settings import LocalSettings
from aicoin_local.stores import HIGHEST_PORT, LOWEST_PORT, free_port
from aicoin_local.testing import free_block
from common.runtime.roster import read_roster

ROSTER = read_roster(None)


def settings(data_dir: Path, **ports: int | str) -> LocalSettings:
    """Ports far from the defaults: an arena may be running beside the tests."""
    first = free_block(24)
    names = ("gateway_port", "simulator_port", "redis_port", "postgres_port", "metrics_base_port")
    free = {name: first + place for place, name in enumerate(names)} | {"simulator_services_port": first + 23}
    return LocalSettings(aicoin_data_dir=data_dir, **free | ports)


def test_free_ports_conflict_with_nothing(tmp_path: Path) -> None:
    assert port_conflicts(settings(tmp_path), ROSTER) == []


@pytest.mark.parametrize(
    "setting", ["gateway_port", "simulator_port", "simulator_services_port", "redis_port", "postgres_port"]
)
def test_busy_port_is_named_with_its_setting_and_listener(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (line,) = port_conflicts(settings(tmp_path, **{setting: port}), ROSTER)
    assert line.startswith(f"{setting.upper()}: port {port} is in use")
    assert f"(pid {os.getpid()})" in line


def test_external_store_needs_no_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        own = settings(tmp_path, redis_port=port, redis_url="redis://127.0.0.1:1/0")
        assert port_conflicts(own, ROSTER) == []


def test_port_in_use_is_not_drawn_for_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        port = taken.getsockname()[1]
        draws = [port - LOWEST_PORT] * 3
        draw = secrets.randbelow
        monkeypatch.setattr(secrets, "randbelow", lambda most: draws.pop() if draws else draw(most))
        assert LOWEST_PORT <= free_port() < HIGHEST_PORT
        assert draws == []


def test_two_settings_with_one_port_are_refused(tmp_path: Path) -> None:
    given = settings(tmp_path)
    (line,) = port_conflicts(given.model_copy(update={"simulator_port": given.gateway_port}), ROSTER)
    assert "SIMULATOR_PORT" in line
    assert "GATEWAY_PORT" in line
