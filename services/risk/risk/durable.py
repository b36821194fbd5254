"""What risk must never forget: halts with reasons, baselines, high-water marks, stops, void theses. Immutable."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from risk.halts import Halt
from risk.invalidation import Fired


@dataclass(frozen=True, slots=True)
class Baseline:
    """The equity with which a UTC day of market time began; `day` counts days since 1970."""

    day: int
    equity_usd: Decimal


@dataclass(frozen=True, slots=True)
class Transfers:
    """Money moved into an account since `since_ms`, out negative, that its baseline and mark already contain."""

    since_ms: int
    sum_usd: Decimal


@dataclass(frozen=True, slots=True)
class Last:
    """The account state that was taken into account last; `received_ms` is wall time."""

    received_ms: int
    equity_usd: Decimal


@dataclass(frozen=True, slots=True)
class Record:
    """One model's figures. `stops` are (order, market time in ms) of stops that fired within the last day."""

    baseline: Baseline | None = None
    high_water_usd: Decimal | None = None
    stops: tuple[tuple[str, int], ...] = ()
    transfers: Transfers | None = None
    last: Last | None = None


@dataclass(frozen=True, slots=True)
class Durable:
    """The whole of table risk_state. A change makes a new one, so that the store sees at once whether to write."""

    halts: tuple[Halt, ...] = ()
    records: Mapping[str, Record] = field(default_factory=dict)
    fired: tuple[Fired, ...] = ()

    def record(self, model: str) -> Record:
        return self.records.get(model, Record())

    def with_record(self, model: str, record: Record) -> "Durable":
        if record == self.records.get(model):
            return self
        return replace(self, records={**self.records, model: record})

    def begin(self, halt: Halt) -> "Durable":
        """With a reason more, unless the model already has it."""
        if any((held.model, held.reason) == (halt.model, halt.reason) for held in self.halts):
            return self
        return replace(self, halts=(*self.halts, halt))

    def end(self, is_over: Callable[[Halt], bool]) -> "Durable":
        """Without the reasons that are over."""
        kept = tuple(halt for halt in self.halts if not is_over(halt))
        return self if len(kept) == len(self.halts) else replace(self, halts=kept)

    def with_fired(self, fired: Iterable[Fired]) -> "Durable":
        """With these conditions that came true, and no others."""
        kept = tuple(fired)
        return self if kept == self.fired else replace(self, fired=kept)
