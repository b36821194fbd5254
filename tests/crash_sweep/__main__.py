"""`make crash-sweep KILLS=500`: starts an arena of its own, kills its processes, says what came of it."""

import argparse
import sys
import tempfile
from pathlib import Path

from crash_sweep.sweep import arena_for_sweep, sweep


def main() -> int:
    parser = argparse.ArgumentParser(prog="make crash-sweep", description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aicoin-crash-sweep-") as folder:
        arena = arena_for_sweep(Path(folder) / "data")
        try:
            arena.start()
            report = sweep(arena, arguments.kills, arguments.seed, _say)
        finally:
            arena.stop()
    for each in report.wrong:
        _say(f"WRONG  {each}")
    _say(str(report))
    return 1 if report.wrong else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
