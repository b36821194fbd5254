"""Metrics whose every series exists from the start."""

import math
from collections.abc import Iterator
from enum import StrEnum
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from common.runtime.metrics import series
from common.runtime.metrics.series import UNKNOWN, Scope, counter, create_series, gauge, histogram


class Outcome(StrEnum):
    GOOD = "good"
    BAD = "bad"


@pytest.fixture
def prefix() -> Iterator[str]:
    """A name of its own; what is declared under it is forgotten afterwards."""
    name, before = f"test_{uuid4().hex}", len(series.DECLARED)
    yield name
    for declared in series.DECLARED[before:]:
        REGISTRY.unregister(declared.metric)
    del series.DECLARED[before:]


def test_a_counter_shows_0_for_every_contender_and_value(prefix: str) -> None:
    counter(prefix, "Of a test.", model=Scope.CONTENDER, outcome=Outcome)
    create_series({Scope.CONTENDER: ["qwen", "llama"]})
    for model in ("qwen", "llama"):
        for outcome in ("good", "bad"):
            assert REGISTRY.get_sample_value(f"{prefix}_total", {"model": model, "outcome": outcome}) == 0


def test_a_gauge_that_is_not_known_yet_is_no_number(prefix: str) -> None:
    gauge(f"{prefix}_a", "Of a test.", UNKNOWN, model=Scope.CONTENDER)
    gauge(f"{prefix}_b", "Of a test.", UNKNOWN)
    create_series({Scope.CONTENDER: ["qwen"]})
    found = [REGISTRY.get_sample_value(f"{prefix}_a", {"model": "qwen"}), REGISTRY.get_sample_value(f"{prefix}_b")]
    assert all(value is not None and math.isnan(value) for value in found)


def test_series_that_exist_keep_what_they_show(prefix: str) -> None:
    made = gauge(prefix, "Of a test.", UNKNOWN, model=Scope.CONTENDER)
    create_series({Scope.CONTENDER: ["qwen"]})
    made.labels("qwen").set(3)
    create_series({Scope.CONTENDER: ["qwen", "llama"]})
    assert REGISTRY.get_sample_value(prefix, {"model": "qwen"}) == 3


def test_a_histogram_has_all_its_buckets(prefix: str) -> None:
    histogram(prefix, "Of a test.", (0.1, 1), stream=["a"])
    create_series({})
    assert REGISTRY.get_sample_value(f"{prefix}_bucket", {"stream": "a", "le": "0.1"}) == 0


def test_labels_of_the_service_itself_are_left_to_it(prefix: str) -> None:
    counter(prefix, "Of a test.", route=Scope.OWN)
    create_series({Scope.CONTENDER: ["qwen"]})
    assert [sample for family in REGISTRY.collect() if family.name == prefix for sample in family.samples] == []
