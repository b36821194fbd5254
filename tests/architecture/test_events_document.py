"""docs/events.md and the catalog agree, and every stream has both ends."""

from pathlib import Path

from common.events.catalog import CATALOG, SERVICES, streams_read_by
from common.events.document import render

ROOT = Path(__file__).parents[2]


def test_the_events_page_is_current() -> None:
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == render(), "run make docs"


def test_no_stream_is_an_orphan() -> None:
    people_or_every_gateway = {"ws.push"}
    for spec in CATALOG.values():
        assert spec.producers
        assert spec.consumers or spec.type in people_or_every_gateway


def test_producers_and_consumers_are_services_or_known_outsiders() -> None:
    outsiders = {"kill-switch", "alertmanager"}
    for spec in CATALOG.values():
        assert set(spec.producers) <= {*SERVICES, *outsiders}
        assert set(spec.consumers) <= set(SERVICES)


def test_the_recorder_reads_everything_but_its_own_pushes() -> None:
    assert set(streams_read_by("recorder")) == set(CATALOG) - {"ws.push"}
