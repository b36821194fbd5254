"""`make simulate`: runs seeds on all cores; prints how many, how fast, and how to replay those that failed."""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import count
from pathlib import Path

from simulation.run import Result, run_seed

HASH_SEED = "0"
SHOWN_LINES = 60


def main() -> int:
    arguments = _arguments()
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        os.environ["PYTHONHASHSEED"] = HASH_SEED
        os.execv(sys.executable, [sys.executable, "-m", "simulation", *sys.argv[1:]])
    if arguments.seed is not None:
        return _replay(arguments.seed, arguments.trace)
    seeds = range(arguments.first, arguments.first + arguments.seeds) if arguments.seeds else count(arguments.first)
    return _run_many(iter(seeds), arguments.seconds, arguments.figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one seed")
    parser.add_argument("--trace", type=Path, help="with --seed: write the last events of the run into this file")
    parser.add_argument("--seeds", type=int, help="how many seeds")
    parser.add_argument("--seconds", type=float, help="stop taking new seeds after that long")
    parser.add_argument("--figures", type=Path, help="write each seed's figures of the exchange into this file")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    arguments = parser.parse_args()
    if arguments.seed is None and arguments.seeds is None and arguments.seconds is None:
        arguments.seeds = 100
    return arguments


def _replay(seed: int, trace: Path | None) -> int:
    result = run_seed(seed, keeps_trace=trace is not None)
    if trace is not None:
        trace.write_text("\n".join(result.trace) + "\n", encoding="utf-8")
    if result.failure:
        _print("\n".join(result.trace[-SHOWN_LINES:]))
    _print(
        json.dumps(
            {
                name: getattr(result, name)
                for name in ("seed", "profile", "digest", "entries", "virtual_s", "orders", "fills", "fault_counts")
            }
        )
    )
    outcome = f"failed: {result.failure}" if result.failure else f"passed in {result.wall_s:.2f} s"
    _print(f"seed {seed} {outcome}")
    return 1 if result.failure else 0


def _run_many(seeds: Iterator[int], seconds: float | None, figures: Path | None) -> int:
    began = time.monotonic()
    results: list[Result] = []
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        waiting: set[Future[Result]] = set()
        while True:
            is_late = seconds is not None and time.monotonic() - began >= seconds
            while len(waiting) < 2 * cores and not is_late:
                seed = next(seeds, None)
                if seed is None:
                    break
                waiting.add(pool.submit(run_seed, seed))
            if not waiting:
                break
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                results.append(each.result())
                _print_failure(results[-1])
    _print_summary(results, time.monotonic() - began, cores)
    if figures is not None:
        rows = sorted(
            ({"seed": result.seed, "figures": result.figures} for result in results), key=lambda row: row["seed"]
        )
        figures.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return 1 if any(result.failure for result in results) else 0


def _print_failure(result: Result) -> None:
    if result.failure:
        _print(f"seed {result.seed} ({result.profile}) FAILED {result.failure}\n    make simulate SEED={result.seed}")


def _print_summary(results: list[Result], wall_s: float, cores: int) -> None:
    failed = [result.seed for result in results if result.failure]
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.fault_counts)
    sums = {
        name: sum(getattr(result, name) for result in results)
        for name in ("virtual_s", "steps", "checks", "orders", "fills")
    }
    _print(f"faults: {', '.join(f'{number} {kind}' for kind, number in sorted(counts.items()))}")
    _print(
        f"{len(results)} seeds, {len(failed)} failed; {sums['virtual_s'] / 3600:.1f} simulated hours in {wall_s:.0f} s"
        f" on {cores} cores; {sums['steps'] / max(wall_s, 0.001):,.0f} steps/s, {sums['checks']:,} checks of the"
        f" invariants, {sums['orders']:,} orders on the exchange, {sums['fills']:,} fills"
    )
    if failed:
        _print(f"replay with: make simulate SEED={failed[0]}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
