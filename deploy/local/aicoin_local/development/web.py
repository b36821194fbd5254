"""Builds the dashboard when a source of it is newer than the built page."""

import os
import subprocess
import sys
from pathlib import Path

from aicoin_local.development.node import NodeUnavailable, node_tools
from aicoin_local.settings import ROOT

WEB = ROOT / "services" / "gateway" / "web"
SKIPPED = {"node_modules", "dist", "test-results", "coverage"}


class WebBuildError(Exception):
    """The dashboard can't be built; the message says why."""


def build_web() -> None:
    """Builds the dashboard, unless its dist is newer than its sources."""
    try:
        ensure_built(WEB)
    except (WebBuildError, NodeUnavailable) as error:
        sys.stderr.write(f"aicoin: {error}\n")
        raise SystemExit(1) from None


def ensure_built(web: Path) -> bool:
    """Builds the dashboard if needed; returns whether it did. Raises WebBuildError with the tool's last lines."""
    if not is_stale(web):
        return False
    ensure_packages(web)
    sys.stdout.write("Building the dashboard …\n")
    _npm(web, "run", "build")
    os.utime(web / "dist" / "index.html")
    return True


def is_stale(web: Path) -> bool:
    """Whether a source is newer than the built page."""
    built = web / "dist" / "index.html"
    if not built.is_file():
        return True
    return newest_source(web) > built.stat().st_mtime


def newest_source(web: Path) -> float:
    """The newest modification time among the sources, seconds."""
    newest = 0.0
    for folder, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in SKIPPED]
        newest = max([newest, *((Path(folder) / name).stat().st_mtime for name in files)])
    return newest


def ensure_packages(web: Path) -> None:
    """The locked npm packages, installed unless they are already."""
    if not (web / "package-lock.json").is_file():
        raise WebBuildError(f"{web} has no package-lock.json: is the clone complete?")
    installed = web / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < (web / "package-lock.json").stat().st_mtime:
        sys.stdout.write("Installing the dashboard's packages …\n")
        _npm(web, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        os.utime(installed)


def _npm(web: Path, *arguments: str) -> None:
    tools = node_tools()
    done = subprocess.run(
        [*tools.npm, *arguments],
        cwd=web,
        env=dict(tools.environment),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise WebBuildError(f"npm {arguments[0]} failed in {web}:\n{lines}")
