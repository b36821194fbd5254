"""`make drill`: an arena of its own, a real Prometheus and Alertmanager, and every condition in turn."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from aicoin_local.testing import Arena, wait_until
from drill.conditions import CONDITIONS, Condition, arena_for_drill, is_well
from drill.monitoring import Missing, Monitoring, Webhook

SETTLED_S = 60.0
"""How long a started arena runs before the first condition: what alerts by then is false."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--only", default="", help="one condition's name")
    parser.add_argument("--quick", action="store_true", help="the conditions that take a minute at most")
    arguments = parser.parse_args()
    wanted = [
        each for each in CONDITIONS if arguments.only in ("", each.name) and (each.is_quick or not arguments.quick)
    ]
    folder = Path(tempfile.mkdtemp(prefix="aicoin-drill-"))
    webhook = Webhook()
    webhook.start()
    arena = arena_for_drill(folder / "data", webhook)
    try:
        monitoring = Monitoring(arena, folder / "monitoring", webhook)
    except Missing as missing:
        _print_line(str(missing))
        return 2
    failures = 1
    try:
        arena.start()
        with monitoring:
            time.sleep(SETTLED_S)
            false = sorted(webhook.firing())
            _print_line(f"alerts of a healthy arena: {', '.join(false) or 'none'}")
            failures = len(false) + sum(not run_condition(arena, webhook, each) for each in wanted)
    finally:
        arena.stop()
        webhook.stop()
    if failures:
        _print_line(f"logs and data are in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if failures else 0


def run_condition(arena: Arena, webhook: Webhook, condition: Condition) -> bool:
    """Provokes one condition; whether each of its alerts and notices came in time."""
    early, is_complete = set(webhook.seen), True
    awaited = [(name, limit_s, "firing") for name, limit_s in condition.alerts]
    awaited += [(name, limit_s, "notice") for name, limit_s in condition.notices]
    began_s = time.monotonic()
    with condition.provoke(arena):
        for name, limit_s, status in awaited:
            try:
                came_s = webhook.await_alert(name, began_s + limit_s - time.monotonic(), status)
            except AssertionError as error:
                result, is_complete = f"MISSING: {error}", False
            else:
                is_early = (name, status) in early
                result = "before, by another condition" if is_early else f"after {came_s - began_s:5.1f} s"
            _print_line(f"{condition.name:<12} {name:<28} {result} (limit {limit_s:.0f} s)")
    wait_until("the arena to be well again", lambda: is_well(arena), limit_s=300)
    return is_complete


def _print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
