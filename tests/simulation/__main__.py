"""`make simulate`: runs seeds on all cores; prints how many, how fast, and how to replay those that failed."""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from itertools import count
from pathlib import Path

from simulation.figures import unprotected_text
from simulation.hostile.profiles import FAULT_SETS, STOCK
from simulation.run import Result, run_pair_of_troubles, run_seed

HASH_SEED = "0"
SHOWN_LINES = 60
SHOWN = ("seed", "profile", "digest", "entries", "virtual_s", "orders", "fills", "fault_counts")


def main() -> int:
    arguments = _arguments()
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        os.environ["PYTHONHASHSEED"] = HASH_SEED
        os.execv(sys.executable, [sys.executable, "-m", "simulation", *sys.argv[1:]])
    if arguments.seed is not None:
        return _replay(partial(run_seed, arguments.seed, fault_set=arguments.faults), arguments.trace)
    if arguments.pair is not None:
        return _replay(partial(run_pair_of_troubles, arguments.pair), arguments.trace)
    wanted = arguments.pairs or arguments.seeds
    numbers = range(arguments.first, arguments.first + wanted) if wanted else count(arguments.first)
    run = run_pair_of_troubles if arguments.pairs else partial(run_seed, fault_set=arguments.faults)
    return _run_many(run, iter(numbers), arguments.seconds, arguments.figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one seed")
    parser.add_argument("--trace", type=Path, help="with --seed: write the last events of the run into this file")
    parser.add_argument("--faults", choices=FAULT_SETS, default=STOCK, help="the fault set that seeds draw from")
    parser.add_argument("--seeds", type=int, help="how many seeds")
    parser.add_argument("--pairs", type=int, help="how many pairs of troubles, instead of seeds")
    parser.add_argument("--pair", type=int, help="replay one pair")
    parser.add_argument("--seconds", type=float, help="stop taking new seeds after that long")
    parser.add_argument("--figures", type=Path, help="write each seed's figures of the exchange into this file")
    parser.add_argument("--first", type=int, default=1, help="the first seed or pair")
    arguments = parser.parse_args()
    if all(getattr(arguments, name) is None for name in ("seed", "seeds", "seconds", "pair", "pairs")):
        arguments.seeds = 100
    return arguments


def _replay(run: Callable[..., Result], trace: Path | None) -> int:
    result = run(keeps_trace=trace is not None)
    if trace is not None:
        trace.write_text("\n".join(result.trace) + "\n", encoding="utf-8")
    if result.failure:
        _print("\n".join(result.trace[-SHOWN_LINES:]))
    _print(json.dumps({name: getattr(result, name) for name in SHOWN}))
    outcome = f"failed: {result.failure}" if result.failure else f"passed in {result.wall_s:.2f} s"
    _print(f"{_named(result)} {outcome}")
    return 1 if result.failure else 0


def _named(result: Result) -> str:
    return f"seed {result.seed}" if result.pair is None else f"pair {result.pair}"


def _replay_command(result: Result) -> str:
    if result.pair is not None:
        return f"make simulate PAIR={result.pair}"
    return f"make simulate SEED={result.seed}" + ("" if result.fault_set == STOCK else f" WEATHER={result.fault_set}")


def _run_many(run: Callable[[int], Result], seeds: Iterator[int], seconds: float | None, figures: Path | None) -> int:
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
                waiting.add(pool.submit(run, seed))
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
        _print(f"{_named(result)} [{result.profile}] FAILED {result.failure}\n    {_replay_command(result)}")


def _print_summary(results: list[Result], wall_s: float, cores: int) -> None:
    failed = [result for result in results if result.failure]
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
    _print(unprotected_text([length_s for result in results for length_s in result.unprotected_s]))
    _print(f"while the exchange answered: {unprotected_text([s for result in results for s in result.answered_s])}")
    if failed:
        _print(f"replay with: {_replay_command(failed[0])}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
