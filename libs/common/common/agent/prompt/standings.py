"""How the contenders stand, for the mode that shows it; the recorder ranks them by time-weighted return. Pure."""

from common.agent.prompt.figures import percent, usd
from common.agent.prompt.memory import Memory


def standings_section(memory: Memory, model: str) -> str:
    """Every contender by rank, with equity and return as of the last decision that was recorded."""
    lines = [
        f"{standing.rank}. {standing.model} equity_usd={usd(standing.equity_usd)} "
        f"return={percent(standing.return_percent)}{' <- you' if standing.model == model else ''}"
        for standing in memory.standings
    ]
    return "\n".join(["# STANDINGS", *(lines or ["n/a"])])
