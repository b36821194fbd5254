"""Faults of a run, all drawn from the seed: which kinds, how often, until when."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field, replace

from simulation.hostile.store_states import BusState, DatabaseState

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class FaultProfile:
    """Probabilities of each fault, per step unless the name says per minute.

    `requests` are those of one request to the exchange, by kind; `user_stream` those of one message of an account's
    WebSocket. `standby` adds a second executor, which takes over what the first no longer renews. `slow` is no fault:
    it lets some steps take longer, so that tasks interleave.
    """

    name: str
    requests: dict[str, float] = field(default_factory=dict)
    user_stream: dict[str, float] = field(default_factory=dict)
    kill: float = 0.0
    database_away: float = 0.0
    database_reply_lost: float = 0.0
    database_outages_per_minute: float = 0.0
    bus_away: float = 0.0
    bus_reply_lost: float = 0.0
    wipes_per_minute: float = 0.0
    outages_per_minute: float = 0.0
    price_gaps_per_minute: float = 0.0
    commands_per_minute: float = 0.0
    halt_after_approval: float = 0.0
    troubles_per_minute: float = 0.0
    standby: bool = False
    pauses_per_minute: float = 0.0
    slow: float = 0.02


CALM = FaultProfile("calm")
USER_STREAM = {"drop": 0.1, "duplicate": 0.1, "late": 0.1}
LOSSY = {"lost": 0.04, "reply_lost": 0.08, "cut": 0.04, "bad_gateway": 0.04, "too_many": 0.02, "late": 0.03}
FALSE_ANSWERS = {"false_rejection": 0.15, "false_error": 0.05, "reply_lost": 0.05, "duplicated": 0.05, "blank": 0.03}
FAULT_PROFILES = (
    CALM,
    FaultProfile(
        "commands and price gaps",
        price_gaps_per_minute=0.7,
        commands_per_minute=0.7,
        halt_after_approval=0.15,
    ),
    FaultProfile("lossy network", requests=LOSSY, user_stream=USER_STREAM, price_gaps_per_minute=0.3),
    FaultProfile("false answers", requests=FALSE_ANSWERS, user_stream=USER_STREAM),
    FaultProfile("crashes", kill=0.0015, price_gaps_per_minute=0.3),
    FaultProfile(
        "stores unavailable",
        database_away=0.003,
        database_reply_lost=0.01,
        database_outages_per_minute=0.3,
        bus_away=0.004,
        bus_reply_lost=0.01,
    ),
    FaultProfile(
        "outages",
        outages_per_minute=0.5,
        price_gaps_per_minute=0.5,
        requests={"reply_lost": 0.05},
        user_stream=USER_STREAM,
    ),
    FaultProfile(
        "wiped Redis",
        wipes_per_minute=0.6,
        kill=0.0008,
        bus_away=0.001,
        price_gaps_per_minute=0.3,
        commands_per_minute=0.3,
    ),
    FaultProfile(
        "everything",
        requests={kind: share / 2 for kind, share in (LOSSY | FALSE_ANSWERS).items()},
        user_stream=USER_STREAM,
        kill=0.0008,
        database_away=0.001,
        database_reply_lost=0.003,
        bus_away=0.001,
        bus_reply_lost=0.003,
        outages_per_minute=0.15,
        price_gaps_per_minute=0.4,
        commands_per_minute=0.4,
        halt_after_approval=0.05,
    ),
)


@dataclass(frozen=True, slots=True)
class RequestWindow:
    """A fault of every request of one type of /info or of an action, or of one path, until a time."""

    kind: str
    target: str
    until_s: float


class ProcessKilled(BaseException):
    """Raised inside the process that was killed; a BaseException, so that no handler of the service catches it."""


class FaultInjector:
    """Draws the faults. `counts` is how often each kind came; after `stop_faults` none comes any more.

    What lasts for a time has its end here: states of the stores, requests of one type, the silent stream, the wrong
    clock of the services' machine, and until when nothing that the executor does would reach the exchange.
    """

    def __init__(self, rng: random.Random, profile: FaultProfile) -> None:
        self.rng, self.profile = rng, profile
        self.counts: Counter[str] = Counter()
        self.disturbed_at_s: dict[str, float] = {}
        self.outage_until_s = self.database_until_s = NEVER
        self.windows: list[RequestWindow] = []
        self.database_state: DatabaseState | None = None
        self.bus_state: BusState | None = None
        self.database_state_until_s = self.bus_state_until_s = self.stream_until_s = NEVER
        self.blocked_until_s = NEVER
        self.skew_ms = 0
        self._lags: list[tuple[float, float]] = []
        self._ends: list[Callable[[], None]] = []

    def stop_faults(self) -> None:
        self.profile = replace(CALM, slow=0.0)
        self.outage_until_s = self.database_until_s = NEVER
        self.windows.clear()
        self._lags.clear()
        self.database_state_until_s = self.bus_state_until_s = self.stream_until_s = NEVER
        for end in list(self._ends):
            end()

    def at_end(self, loop: asyncio.AbstractEventLoop, length_s: float, undo: Callable[[], None]) -> None:
        """Undoes something after that long, or when the faults stop; once."""

        def end() -> None:
            if end in self._ends:
                self._ends.remove(end)
                undo()

        self._ends.append(end)
        loop.call_later(length_s, end, context=Context())

    def window_of(self, targets: tuple[str, ...], now_s: float) -> str | None:
        """The fault of a request by its path and type, while one lasts."""
        for window in self.windows:
            if window.target in targets and now_s < window.until_s:
                self.counts[f"window {window.kind}"] += 1
                return window.kind
        return None

    def database_error(self, step: str, now_s: float) -> Exception | None:
        """What PostgreSQL answers at a step while it can't serve."""
        state = self.database_state if now_s < self.database_state_until_s else None
        if state is None or step not in state.steps:
            return None
        self.counts[f"database {state.sqlstate}"] += 1
        return state.error()

    def bus_error(self, kind: str, now_s: float) -> Exception | None:
        """What Redis answers to a kind of command while it can't serve."""
        state = self.bus_state if now_s < self.bus_state_until_s else None
        if state is None or kind not in state.kinds:
            return None
        self.counts[f"bus {state.word}"] += 1
        return state.error()

    def may_disturb_stores(self, now_s: float) -> bool:
        """Whether a store may not answer at all as it should."""
        profile = self.profile
        return bool(
            now_s < self.database_state_until_s
            or now_s < self.database_until_s
            or profile.database_away
            or profile.database_reply_lost
            or profile.bus_away
            or profile.bus_reply_lost
        )

    def block_protection(self, until_s: float) -> None:
        """Until then nothing that the executor does reaches the exchange."""
        self.blocked_until_s = max(self.blocked_until_s, until_s)

    def record_lag(self, until_s: float, lag_s: float) -> None:
        """Reads are that old until then."""
        self._lags.append((until_s, lag_s))

    def lag_s(self, now_s: float) -> float:
        """How old what is read may be now, or was a moment ago."""
        return sum(lag_s for until_s, lag_s in self._lags if now_s < until_s + lag_s)

    def draws(self, name: str) -> bool:
        """Whether the fault of that name happens now."""
        share: float = getattr(self.profile, name)
        if share <= 0 or self.rng.random() >= share:
            return False
        self.counts[name] += 1
        return True

    def one_of(self, shares: dict[str, float], prefix: str) -> str | None:
        """At most one kind, each with its own probability."""
        if not shares:
            return None
        drawn = self.rng.random()
        for kind, share in shares.items():
            drawn -= share
            if drawn < 0:
                self.counts[f"{prefix} {kind}"] += 1
                return kind
        return None

    def record_disturbance(self, name: str, now_s: float) -> None:
        """Something happened to that process, or to the exchange: limits on its time start again from here."""
        self.disturbed_at_s[name] = max(now_s, self.disturbed_at_s.get(name, NEVER))


def fault_profile_of(seed: int) -> FaultProfile:
    """Each profile comes equally often."""
    return FAULT_PROFILES[seed % len(FAULT_PROFILES)]
