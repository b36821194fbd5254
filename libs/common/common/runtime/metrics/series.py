"""Declares metrics, each with all that its labels may hold, so that every series of a process exists from its start.

A counter that appears with its first increment shows no increase, and no alert would see that one. A gauge whose figure
isn't known yet is NaN, for which no comparison of an alert holds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

UNKNOWN: Final = math.nan


class Scope(Enum):
    """Values of a label that depend on the arena."""

    CONTENDER = "each contender; at an agent its own"
    STREAM = "each stream that the service reads"
    OWN = "one value for each that the service has"


Values = Scope | Iterable[str]


@dataclass(slots=True)
class Declared:
    """One metric. `labels` has what each may hold; `start` is a gauge's value until it is set."""

    metric: Counter | Gauge | Histogram
    name: str
    kind: str
    meaning: str
    labels: Mapping[str, Scope | tuple[str, ...]]
    start: float
    created: set[tuple[str, ...]] = field(default_factory=set)

    def sets(self, scopes: Mapping[Scope, Sequence[str]]) -> list[tuple[str, ...]]:
        """Every combination of the labels' values; none of a metric with a label that `scopes` lacks."""
        values = [scopes.get(each, ()) if isinstance(each, Scope) else each for each in self.labels.values()]
        return list(product(*values))

    def create(self, scopes: Mapping[Scope, Sequence[str]]) -> None:
        """Creates the series that don't exist yet."""
        if not self.labels:
            return
        for values in self.sets(scopes):
            if values not in self.created:
                self.created.add(values)
                child = self.metric.labels(*values)
                if isinstance(child, Gauge):
                    child.set(self.start)


DECLARED: Final[list[Declared]] = []
"""Every metric of the modules that are imported."""


def counter(name: str, meaning: str, **labels: Values) -> Counter:
    """A counter; `name` is without its `_total`."""
    metric = Counter(name, meaning, list(labels))
    _declare(metric, f"{name}_total", "counter", meaning, labels)
    return metric


def gauge(name: str, meaning: str, start: float = 0.0, **labels: Values) -> Gauge:
    """A gauge, which shows `start` until it is set: UNKNOWN where 0 would say something."""
    metric = Gauge(name, meaning, list(labels))
    if not labels:
        metric.set(start)
    _declare(metric, name, "gauge", meaning, labels, start)
    return metric


def histogram(name: str, meaning: str, buckets: Sequence[float], **labels: Values) -> Histogram:
    """A histogram; `buckets` are upper bounds in the unit that ends the name."""
    metric = Histogram(name, meaning, list(labels), buckets=buckets)
    _declare(metric, name, "histogram", meaning, labels)
    return metric


def create_series(scopes: Mapping[Scope, Sequence[str]]) -> None:
    """Creates all series of the process with these contenders and streams."""
    for declared in DECLARED:
        declared.create(scopes)


def _declare(
    metric: Counter | Gauge | Histogram,
    name: str,
    kind: str,
    meaning: str,
    labels: Mapping[str, Values],
    start: float = 0.0,
) -> None:
    closed = {label: each if isinstance(each, Scope) else tuple(map(str, each)) for label, each in labels.items()}
    DECLARED.append(Declared(metric, name, kind, meaning, closed, start))
