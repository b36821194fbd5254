"""A copied world equals a computed one, and goes its own way afterwards."""

from simulator.exchange.world import World
from simulator.testing.new_world import new_world

NOW = 1_795_400_400_000
LATER = NOW + 180_000


def candles(world: World) -> dict[str, object]:
    return {name: coin.candles.series for name, coin in world.market.coins.items()}


def test_copied_world_equals_a_computed_one_and_moves_alike() -> None:
    computed, copied = World(3, NOW), new_world(3, NOW)
    assert candles(copied) == candles(computed)
    assert str(copied.step(LATER)) == str(computed.step(LATER))
    assert candles(copied) == candles(computed)


def test_a_moved_copy_leaves_the_others_as_they_were() -> None:
    moved = new_world(3, NOW)
    moved.step(LATER)
    assert candles(new_world(3, NOW)) == candles(World(3, NOW))
    assert candles(moved) != candles(new_world(3, NOW))
