"""The unit of systemd: systemd accepts it, and it runs this tree with this interpreter, whatever their names hold."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aicoin_local.process.machine import unit
from aicoin_local.settings import EXIT_BAD_SETTINGS, ROOT

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")


@needs_systemd
@pytest.mark.parametrize("system", [False, True])
def test_systemd_accepts_the_unit(system: bool) -> None:
    environ = {"AICOIN_DATA_DIR": "/srv/a rena 100%", "HTTPS_PROXY": 'http://pro"xy:1/$x'}
    assert unit.verify(unit.unit_text(environ, system=system)) is None


@needs_systemd
def test_a_unit_that_is_wrong_is_refused() -> None:
    text = unit.unit_text({}, system=False)
    assert "no-such-type" in str(unit.verify(text.replace("Type=exec", "Type=no-such-type")))


def test_the_unit_runs_this_tree_and_passes_on_no_secret() -> None:
    environ = {"AICOIN_DATA_DIR": "/srv/arena", "CONTROL_TOKEN": "secret", "DEEPSEEK_API_KEY": "secret"}
    text = unit.unit_text(environ, system=False)
    assert f'ExecStart="{sys.executable}" -m aicoin_local run\n' in text
    assert f"WorkingDirectory={ROOT}\n" in text
    assert 'Environment="AICOIN_DATA_DIR=/srv/arena"\n' in text
    assert "secret" not in text
    assert f"RestartPreventExitStatus={EXIT_BAD_SETTINGS}\n" in text
    assert "User=" not in text
    assert "User=" in unit.unit_text({}, system=True)


def test_the_command_writes_it_where_systemd_looks(tmp_path: Path) -> None:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "aicoin_local", "service"]
    done = subprocess.run(
        command,
        env=environment | {"XDG_CONFIG_HOME": str(tmp_path), "AICOIN_ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "systemd" / "user" / unit.NAME).read_text(encoding="utf-8").startswith("# Made by make service")
    assert "systemctl --user enable --now aicoin.service" in done.stdout
    assert "loginctl enable-linger" in done.stdout
