"""A busy port is named with its setting and its listener before anything starts."""

import os
import secrets
import socket
from pathlib import Path

import pytest

from aicoin_local.ports import complaints
from aicoin_local.settings import LocalSettings
from aicoin_local.stores import HIGHEST_PORT, LOWEST_PORT, free_port
from aicoin_local.testing import free_block


def settings(data_dir: Path, **ports: int | str) -> LocalSettings:
    """Ports far from the defaults, so that an arena that runs beside the tests doesn't matter."""
    first = free_block(24)
    names = ("gateway_port", "simulator_port", "redis_port", "postgres_port", "metrics_base_port")
    free = {name: first + place for place, name in enumerate(names)}
    return LocalSettings(aicoin_data_dir=data_dir, **free | ports)


def test_free_ports_have_no_complaints(tmp_path: Path) -> None:
    assert complaints(settings(tmp_path)) == []


@pytest.mark.parametrize("setting", ["gateway_port", "simulator_port", "redis_port", "postgres_port"])
def test_a_busy_port_is_named_with_its_setting_and_listener(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (line,) = complaints(settings(tmp_path, **{setting: port}))
    assert line.startswith(f"{setting.upper()}: port {port} is in use")
    assert f"(pid {os.getpid()})" in line


def test_a_store_of_ones_own_needs_no_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        own = settings(tmp_path, redis_port=port, redis_url="redis://127.0.0.1:1/0")
        assert complaints(own) == []


def test_a_free_port_for_a_store_is_not_one_that_somebody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        port = taken.getsockname()[1]
        draws = [port - LOWEST_PORT] * 3
        draw = secrets.randbelow
        monkeypatch.setattr(secrets, "randbelow", lambda most: draws.pop() if draws else draw(most))
        assert LOWEST_PORT <= free_port() < HIGHEST_PORT
        assert draws == []


def test_two_settings_with_one_port_are_told_apart(tmp_path: Path) -> None:
    given = settings(tmp_path)
    (line,) = complaints(given.model_copy(update={"simulator_port": given.gateway_port}))
    assert "SIMULATOR_PORT" in line
    assert "GATEWAY_PORT" in line
