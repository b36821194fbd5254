"""The simulation itself: a seed always tells the same story, and each kind of weather is survived."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulation.chaos import WEATHERS
from simulation.run import run_seed

TESTS = Path(__file__).parents[1]


def replayed(seed: int) -> dict[str, Any]:
    """What `make simulate SEED=…` prints, from a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONHASHSEED": ""}
    done = subprocess.run(
        [sys.executable, "-m", "simulation", "--seed", str(seed)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-2])
    return found


def test_two_runs_of_a_seed_tell_the_same_story() -> None:
    first, second = replayed(7), replayed(7)
    assert first == second
    assert first["fills"] > 0
    assert first["digest"] != replayed(15)["digest"]


@pytest.mark.parametrize("seed", range(len(WEATHERS)), ids=[weather.name for weather in WEATHERS])
def test_each_weather_is_survived_and_traded_in(seed: int) -> None:
    result = run_seed(seed)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert result.fills > 0
