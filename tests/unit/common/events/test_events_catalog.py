"""The catalog's order is the order in which a service reads its streams."""

import pytest

from common.events.catalog import streams_read_by


@pytest.mark.parametrize("service", ["risk", "executor"])
def test_a_command_comes_before_what_it_may_stop(service: str) -> None:
    assert streams_read_by(service)[0] == "control.command"
