"""`make crash-sweep KILLS=500`: starts an arena of its own, kills its processes, prints what was found."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from crash_sweep.sweep import Report, arena_for_sweep, sweep


def main() -> int:
    parser = argparse.ArgumentParser(prog="make crash-sweep", description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="aicoin-crash-sweep-"))
    report = _run_sweep(folder, arguments.kills, arguments.seed)
    for each in report.violations:
        _print_line(f"VIOLATION  {each}")
    _print_line(str(report))
    if report.violations:
        _print_line(f"logs and data are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _run_sweep(folder: Path, kills: int, seed: int) -> Report:
    arena = arena_for_sweep(folder / "data")
    try:
        arena.start()
        return sweep(arena, kills, seed, _print_line)
    except BaseException:
        _print_line(f"logs and data are in {folder}")
        raise
    finally:
        arena.stop()


def _print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
