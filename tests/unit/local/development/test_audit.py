"""The audit: what its tools report becomes findings, and data that is not reached is never taken for a clean result."""

import json
from pathlib import Path

from aicoin_local.development.audit import (
    Result,
    licenses_found,
    node_holes,
    python_holes,
    result_of,
    secrets_found,
    web_components,
)

HOLE = {"id": "CVE-1", "fix_versions": ["2.0"]}


def test_a_hole_is_named_with_the_version_that_mends_it() -> None:
    rows = [{"name": "lib", "version": "1.0", "vulns": [HOLE]}, {"name": "other", "version": "3", "vulns": []}]
    checked = python_holes("requirements.txt", json.dumps({"dependencies": rows}), "")
    assert (checked.result, checked.lines) == (Result.FOUND, ("lib 1.0: CVE-1, mended in 2.0",))
    report = {"vulnerabilities": {"lib": {"name": "lib", "range": "<2", "severity": "high"}}}
    assert node_holes(json.dumps(report), "").lines == ("lib <2: high",)


def test_packages_without_a_hole_are_clean() -> None:
    rows = [{"name": "lib", "version": "1.0", "vulns": []}]
    assert python_holes("requirements.txt", json.dumps({"dependencies": rows}), "").result is Result.CLEAN
    assert node_holes(json.dumps({"vulnerabilities": {}}), "").result is Result.CLEAN


def test_data_that_is_not_reached_is_not_checked() -> None:
    assert python_holes("r", "", "trace\nConnectionError: no route").lines == ("ConnectionError: no route",)
    assert (
        node_holes(json.dumps({"message": "405", "error": {}}), "npm error audit endpoint").result is Result.NOT_CHECKED
    )
    rows = [{"name": name, "skip_reason": "Dependency not found on PyPI"} for name in ("a", "b")]
    skipped = python_holes("r", json.dumps({"dependencies": rows}), "")
    assert (skipped.result, len(skipped.lines)) == (Result.NOT_CHECKED, 1)
    one = python_holes("r", json.dumps({"dependencies": [*rows, {"name": "c", "version": "1", "vulns": []}]}), "")
    assert (one.result, len(one.lines)) == (Result.NOT_CHECKED, 2)
    assert result_of("x", ["found"], ["unknown"]).result is Result.FOUND


def test_a_planted_key_is_found_and_not_printed(tmp_path: Path) -> None:
    key = "0x" + "4f" * 32
    (tmp_path / "tests").mkdir()
    for name in ("notes.md", "tests/example.py", ".env", "clean.py"):
        (tmp_path / name).write_text("clean" if name == "clean.py" else f"first\nkey = '{key}'\n", encoding="utf-8")
    detected = {"results": {"config.py": [{"line_number": 3, "type": "Private Key"}]}}
    found = list(secrets_found(["notes.md", "tests/example.py", ".env", "clean.py"], detected, tmp_path))
    assert found == ["config.py:3: Private Key", "notes.md:2: what may be a wallet's key", ".env: is committed"]


def test_licenses_that_ask_more_than_a_notice_are_named() -> None:
    def component(name: str, *licenses: str) -> dict[str, object]:
        return {"name": name, "version": "1", "licenses": [{"license": {"name": each}} for each in licenses]}

    components = [
        component("free", "MIT"),
        component("either", "GPL-3.0", "MIT"),
        component("strong", "AGPL-3.0-only"),
        component("spelled-out", "GNU General Public License v3 (GPLv3)"),
        component("lesser", "GNU Lesser General Public License v3 (LGPLv3)"),
        component("silent"),
        component("aicoin-common"),
    ]
    assert [line.partition(" ")[0] for line in licenses_found(components)] == ["strong", "spelled-out", "silent"]


def test_the_pages_bill_names_what_is_built_into_it() -> None:
    lock = {
        "packages": {
            "": {"license": "Apache-2.0"},
            "node_modules/@scope/lib": {"version": "1.2.3", "license": "MIT"},
            "node_modules/tool": {"version": "9", "license": "GPL-3.0", "dev": True},
        }
    }
    [row] = web_components(lock)
    assert (row["name"], row["purl"], row["licenses"]) == (
        "@scope/lib",
        "pkg:npm/%40scope/lib@1.2.3",
        [{"expression": "MIT"}],
    )
