"""A market that runs faster than the wall clock: at its speed, unless the machine can't keep up."""

from simulator.server.clock import LONGEST_MS, FastClock
from simulator.testing.new_world import new_world

NOW_MS = 1_795_400_000_000


def test_a_fast_market_keeps_its_speed_over_many_steps() -> None:
    world = new_world(1, NOW_MS)
    clock = FastClock(world.market, 300, 0)
    for wall_ms in range(250, 2_001, 250):
        world.step(clock(wall_ms))
    assert world.market.time_ms == NOW_MS + 2_000 * 300


def test_what_a_busy_machine_misses_is_not_made_up() -> None:
    world = new_world(1, NOW_MS)
    clock = FastClock(world.market, 300, 0)
    assert clock(60_000) == NOW_MS + LONGEST_MS * 300
    world.step(clock(60_000))
    assert clock(60_250) == NOW_MS + (LONGEST_MS + 250) * 300
