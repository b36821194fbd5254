"""What goes wrong in a run, all of it drawn from the seed: how often, until when, and whose turn it is to die."""

import random
from collections import Counter
from dataclasses import dataclass, field, fields, replace

from common.bus.port import Unavailable

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Weather:
    """Probabilities per step of each fault; `requests` are those of one request to the exchange, by kind."""

    name: str
    requests: dict[str, float] = field(default_factory=dict)
    news: dict[str, float] = field(default_factory=dict)
    kill: float = 0.0
    database_away: float = 0.0
    database_reply_lost: float = 0.0
    database_outages_a_minute: float = 0.0
    bus_away: float = 0.0
    bus_reply_lost: float = 0.0
    wipes_a_minute: float = 0.0
    outages_a_minute: float = 0.0
    gaps_a_minute: float = 0.0
    commands_a_minute: float = 0.0
    halt_after_approval: float = 0.0
    slow: float = 0.02


CALM = Weather("calm")
NEWS = {"drop": 0.1, "duplicate": 0.1, "late": 0.1}
LOSSY = {"lost": 0.04, "reply_lost": 0.08, "cut": 0.04, "bad_gateway": 0.04, "too_many": 0.02, "late": 0.03}
LYING = {"lie": 0.15, "lie_whole": 0.05, "reply_lost": 0.05, "twice": 0.05, "blank": 0.03}
WEATHERS = (
    CALM,
    Weather("commands and gaps", gaps_a_minute=0.7, commands_a_minute=0.7, halt_after_approval=0.15),
    Weather("lossy network", requests=LOSSY, news=NEWS, gaps_a_minute=0.3),
    Weather("lying exchange", requests=LYING, news=NEWS),
    Weather("crashes", kill=0.0015, gaps_a_minute=0.3),
    Weather(
        "stores away",
        database_away=0.003,
        database_reply_lost=0.01,
        database_outages_a_minute=0.3,
        bus_away=0.004,
        bus_reply_lost=0.01,
    ),
    Weather("outages", outages_a_minute=0.5, gaps_a_minute=0.5, requests={"reply_lost": 0.05}, news=NEWS),
    Weather("wiped Redis", wipes_a_minute=0.6, kill=0.0008, bus_away=0.001, gaps_a_minute=0.3, commands_a_minute=0.3),
    Weather(
        "everything",
        requests={kind: share / 2 for kind, share in (LOSSY | LYING).items()},
        news=NEWS,
        kill=0.0008,
        database_away=0.001,
        database_reply_lost=0.003,
        bus_away=0.001,
        bus_reply_lost=0.003,
        outages_a_minute=0.15,
        gaps_a_minute=0.4,
        commands_a_minute=0.4,
        halt_after_approval=0.05,
    ),
)


class Killed(BaseException):
    """The process that ran into this is no more."""


class Chaos:
    """Draws the faults; after `calm_down` none come any more."""

    def __init__(self, rng: random.Random, weather: Weather) -> None:
        self.rng, self.weather = rng, weather
        self.happened: Counter[str] = Counter()
        self.disturbed_at_s: dict[str, float] = {}
        self.outage_until_s = self.database_until_s = NEVER

    def calm_down(self) -> None:
        self.weather = replace(CALM, slow=0.0)
        self.outage_until_s = self.database_until_s = NEVER

    def draws(self, name: str) -> bool:
        """Whether the fault of that name happens now."""
        share: float = getattr(self.weather, name)
        if share <= 0 or self.rng.random() >= share:
            return False
        self.happened[name] += 1
        return True

    def one_of(self, shares: dict[str, float], prefix: str) -> str | None:
        """At most one kind, each with its own probability."""
        if not shares:
            return None
        drawn = self.rng.random()
        for kind, share in shares.items():
            drawn -= share
            if drawn < 0:
                self.happened[f"{prefix} {kind}"] += 1
                return kind
        return None

    def disturb(self, whom: str, now_s: float) -> None:
        """Something happened to somebody: promises about time begin anew."""
        self.disturbed_at_s[whom] = max(now_s, self.disturbed_at_s.get(whom, NEVER))


def bus_away(reason: str) -> Unavailable:
    return Unavailable(f"simulated: {reason}")


def weather_of(seed: int) -> Weather:
    """Each kind of weather comes equally often."""
    return WEATHERS[seed % len(WEATHERS)]


def is_calm(weather: Weather) -> bool:
    return all(not getattr(weather, each.name) for each in fields(weather) if each.name not in ("name", "slow"))
