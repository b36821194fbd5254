"""Prints what breaks a rule: `PYTHONPATH=tests/support python -m tidy [--count] [PATH_PREFIX …]`."""

import sys
from collections import Counter

from tidy.rules import RULES
from tidy.sources import Finding, read_sources

FOLDER_PARTS = 2


def main(arguments: list[str]) -> int:
    """The findings under the given paths, or their number per folder and rule; 1 when there are any."""
    prefixes = tuple(each for each in arguments if not each.startswith("--"))
    sources = read_sources()
    findings = sorted(
        finding for rule in RULES.values() for finding in rule(sources) if finding.path.startswith(prefixes or ("",))
    )
    sys.stdout.write("\n".join(_counts(findings) if "--count" in arguments else map(str, findings)) + "\n")
    return 1 if findings else 0


def _counts(findings: list[Finding]) -> list[str]:
    counts = Counter(("/".join(finding.path.split("/")[:FOLDER_PARTS]), finding.rule) for finding in findings)
    return [f"{folder:<28} {rule:<16} {count:>5}" for (folder, rule), count in sorted(counts.items())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
