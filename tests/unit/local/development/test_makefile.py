"""The Makefile: its help, its tools and what it leaves out of their environment."""

import os
import re
import subprocess
from pathlib import Path

from aicoin_local.settings import ROOT

HELP = ("make", "--no-print-directory", "help")
"""Run by `make test`, a second make would name the folder that it works in."""
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_help_lists_every_target() -> None:
    shown = subprocess.run(HELP, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = {line.split()[0] for line in shown.splitlines()}
    phony = {name for names in re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE) for name in names.split()}
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert listed == targets == phony


def test_tools_run_as_modules() -> None:
    """A script's first line can't name a path that holds a space."""
    assert set(re.findall(r"\$\(VENV\)/bin/(\w+)", MAKEFILE)) == {"python"}
    assert [line for line in MAKEFILE.splitlines() if re.search(r"(^|[\s@&])npm ", line)] == []


def test_what_python_compiles_is_kept(tmp_path: Path) -> None:
    """Many container images forbid it, and a run of all tests compiles for minutes then."""
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"include {ROOT}/Makefile\n\nshown:\n\t@env\n", encoding="utf-8")
    variables = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    command = ("make", "--no-print-directory", "-f", str(makefile), "shown")
    shown = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True).stdout
    assert "PYTHONUNBUFFERED=1" in shown
    assert "PYTHONDONTWRITEBYTECODE" not in shown


def test_restore_passes_a_file_with_spaces_and_every_place() -> None:
    command = (*HELP[:2], "-n", "restore", "FILE=/mnt/my arena.zip", "OVER=.aicoin redis", "AICOIN=aicoin")
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 'aicoin restore "/mnt/my arena.zip" --over ".aicoin" --over "redis"' in shown
