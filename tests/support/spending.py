"""What is stored of a day's spending on a contender."""

from redis.asyncio import Redis


async def spent_micro_usd(redis: "Redis", key: str) -> int:
    """The sum of all processes' figures under `spending:{contender}:{day}`, in micro-USD."""
    figures = await redis.hgetall(key)
    return sum(int(figure.split(b":")[1]) for figure in figures.values())
