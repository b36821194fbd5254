"""A service that refuses its settings ends the start with its own words, and only this run's."""

from pathlib import Path

import pytest

from aicoin_local.readiness import BadService, log_sizes, refuse_bad_settings

BACKOFF = {"statename": "BACKOFF", "exitstatus": None}


def test_the_services_own_lines_are_told_once(tmp_path: Path) -> None:
    log = tmp_path / "risk.log"
    log.write_text("risk: OLD: of an earlier run\n")
    since = log_sizes(["risk", "gateway"], tmp_path)
    assert since["gateway"] == 0
    refuse_bad_settings("risk", BACKOFF, tmp_path, since["risk"])
    with log.open("a") as file:
        file.write('{"event": "x"}\n' + "risk: MAX_LEVERAGE: too big\nrisk: REDIS_URL: bad\n" * 2)
    with pytest.raises(BadService) as caught:
        refuse_bad_settings("risk", BACKOFF, tmp_path, since["risk"])
    assert str(caught.value) == "risk: MAX_LEVERAGE: too big\nrisk: REDIS_URL: bad"


def test_another_end_or_a_running_service_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "risk.log").write_text("risk: MAX_LEVERAGE: too big\n")
    refuse_bad_settings("risk", {"statename": "RUNNING"}, tmp_path, 0)
    (tmp_path / "risk.log").write_text('risk: MAX_LEVERAGE: too big\n{"event": "started"}\n')
    refuse_bad_settings("risk", BACKOFF, tmp_path, 0)
