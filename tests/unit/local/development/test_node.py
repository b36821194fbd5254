"""The dashboard is built with whichever Node there is: the machine's, or the package's where that is missing or old."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aicoin_local.development.node import OLDEST_NODE, node_tools, node_version
from aicoin_local.development.web import WEB

# Everything that the build needs beside Node; the machine's own Node may lie in the same folder as these.
TOOLS = ("sh", "env", "uname", "dirname", "sed")


@pytest.fixture
def path_without_node(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(next(p for p in (Path("/usr/bin") / tool, Path("/bin") / tool) if p.exists()))
    return folder


def program(folder: Path, name: str, output: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {output}\n", encoding="utf-8")
    path.chmod(0o755)


def run_npm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """npm as the Makefile runs it, in the dashboard's folder, with only that folder on the PATH."""
    return subprocess.run(
        [sys.executable, "-m", "aicoin_local.development.node", *arguments],
        cwd=WEB,
        env=os.environ | {"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_recent_node_on_the_path_is_used(path_without_node: Path) -> None:
    program(path_without_node, "node", "v20.19.0")
    program(path_without_node, "npm", "10.0.0")
    tools = node_tools({"PATH": str(path_without_node), "NODE_ENV": "production"})
    assert tools.npm == (str(path_without_node / "npm"),)
    assert "NODE_ENV" not in tools.environment


def test_node_that_does_not_run_counts_as_missing(path_without_node: Path) -> None:
    (path_without_node / "node").write_text("\0", encoding="utf-8")
    (path_without_node / "node").chmod(0o755)
    assert node_version(str(path_without_node)) == (0,)


def test_without_node_the_packaged_npm_builds_the_page(path_without_node: Path, tmp_path: Path) -> None:
    assert run_npm(path_without_node, "--version").returncode == 0
    built = tmp_path / "dist"
    done = run_npm(path_without_node, "run", "build", "--", "--outDir", str(built))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (built / "index.html").is_file()


def test_node_18_first_on_the_path_is_passed_over(path_without_node: Path) -> None:
    program(path_without_node, "node", "v18.20.8")
    program(path_without_node, "npm", "old")
    done = run_npm(path_without_node, "exec", "--offline", "--", "node", "--version")
    assert done.returncode == 0, done.stderr
    assert tuple(int(part) for part in done.stdout.strip().removeprefix("v").split(".")[:2]) >= OLDEST_NODE
