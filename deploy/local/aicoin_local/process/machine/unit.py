"""`aicoin service`: a unit of systemd that starts the arena with the machine, and again after a failure."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import typer

from aicoin_local.settings import ROOT, refuse

NAME = "aicoin.service"
SYSTEM_FOLDER = Path("/etc/systemd/system")
PASSED_ON = (
    "AICOIN_DATA_DIR",
    "AICOIN_ENV_FILE",
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""Variables of this shell that the unit repeats: they hold no secret. Settings belong into .env."""
UNIT = """\
# Made by make service; written again by the same command.
[Unit]
Description=AIcoin, an arena of trading language models
Documentation=file:{root}/docs/runbook.md
Wants=network-online.target
After=network-online.target
# A failure is tried again for ever.
StartLimitIntervalSec=0

[Service]
Type=exec
{user}WorkingDirectory={root}
ExecStart={python} -m aicoin_local run
{environment}# Only the launcher gets the signal: it stops the services in their order.
KillMode=mixed
TimeoutStopSec=180
Restart=on-failure
RestartSec=10
# Settings that are refused are not accepted by trying again.
RestartPreventExitStatus=2
UMask=0077
LimitNOFILE=65536
LimitCORE=0
OOMPolicy=continue

[Install]
WantedBy={target}
"""


def service(
    system: bool = typer.Option(False, help="for the whole machine, started at boot; else for this account"),
    show: bool = typer.Option(False, "--show", help="prints the unit and writes nothing"),
) -> None:
    """Writes a unit of systemd for the arena, checks it, and says how to start it."""
    text = unit_text(os.environ, system=system)
    if show:
        typer.echo(text, nl=False)
        return
    if problem := verify(text):
        refuse([f"systemd refuses the unit: {problem}"])
    folder = SYSTEM_FOLDER if system else user_folder(os.environ)
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse([f"{path} can't be written: {error.strerror}; a unit for the machine needs root, or take --show"])
    typer.echo(f"{path} written. What comes next:\n")
    for line in _next_steps(system=system):
        typer.echo(f"  {line}")


def _next_steps(*, system: bool) -> list[str]:
    control = "systemctl" if system else "systemctl --user"
    account = pwd.getpwuid(os.geteuid()).pw_name
    linger = (
        [] if system else [f"loginctl enable-linger {account}    # it runs while you are logged out, and after boot"]
    )
    return [
        f"{control} daemon-reload",
        *linger,
        f"{control} enable --now {NAME}",
        f"{control} status {NAME}        # journalctl has the launcher's lines, make logs the services'",
    ]


def user_folder(environ: Mapping[str, str]) -> Path:
    """Where systemd looks for the units of an account."""
    base = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "systemd" / "user"


def unit_text(environ: Mapping[str, str], *, system: bool) -> str:
    """The unit's text for this tree and this interpreter."""
    account = pwd.getpwuid(os.geteuid()).pw_name
    lines = [f"Environment={quoted(f'{name}={environ[name]}')}\n" for name in PASSED_ON if environ.get(name)]
    return UNIT.format(
        root=escaped(str(ROOT)),
        python=quoted(sys.executable).replace("$", "$$"),
        user=f"User={account}\n" if system else "",
        environment="".join(lines),
        target="multi-user.target" if system else "default.target",
    )


def escaped(text: str) -> str:
    """A percent sign begins a specifier in a unit."""
    return text.replace("%", "%%")


def quoted(text: str) -> str:
    """One word of a unit's line, whatever it holds. In a command line, and only there, a dollar sign is doubled too."""
    inner = escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def verify(text: str) -> str | None:
    """What `systemd-analyze verify` finds wrong; None when that is nothing, or where there is no systemd.

    A line that it would ignore is a warning to it and wrong here: it names the file. Other units' warnings don't count.
    """
    tool = shutil.which("systemd-analyze")
    if tool is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_text(text, encoding="utf-8")
        command = [tool, "verify", "--man=no", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    own = "\n".join(line for line in done.stderr.splitlines() if NAME in line)
    return own or (done.stderr.strip() if done.returncode else None)
