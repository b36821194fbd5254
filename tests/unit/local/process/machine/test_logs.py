"""Logs that one can read: time, service, level and text first, then the fields; and nothing is lost."""

import json

from aicoin_local.process.machine.logs import readable

ENTRY = {
    "cycle_id": "c-1",
    "service": "risk",
    "event": "entry denied",
    "code": "LEVERAGE",
    "level": "warning",
    "ts": "2026-11-30T16:00:01.123456Z",
}
TAIL = [
    "==> /data/logs/risk.log <==\n",
    json.dumps(ENTRY) + "\n",
    json.dumps(ENTRY | {"level": "error", "exception": "Traceback\n  ValueError: x"}) + "\n",
    "\n",
    "==> /data/logs/postgres.log <==\n",
    "LOG:  database system is ready\n",
]


def test_an_entry_is_one_line_and_a_traceback_stands_below_it() -> None:
    assert list(readable(TAIL, "debug", raw=False, in_color=False)) == [
        "16:00:01.123 risk            warning  entry denied  cycle_id=c-1 code=LEVERAGE",
        "16:00:01.123 risk            error    entry denied  cycle_id=c-1 code=LEVERAGE",
        "             Traceback",
        "               ValueError: x",
        "             postgres        LOG:  database system is ready",
    ]


def test_what_is_below_the_level_is_left_out() -> None:
    shown = list(readable(TAIL, "error", raw=False, in_color=False))
    assert [line for line in shown if "warning" in line] == []
    assert "postgres" in shown[-1]


def test_json_is_left_as_it_is() -> None:
    assert [json.loads(line)["level"] for line in list(readable(TAIL, "debug", raw=True, in_color=True))[:2]] == [
        "warning",
        "error",
    ]


def test_color_marks_warnings_and_errors_of_a_terminal() -> None:
    first = next(readable(TAIL, "debug", raw=False, in_color=True))
    assert first.startswith("\x1b[33m")
    assert first.endswith("\x1b[0m")
