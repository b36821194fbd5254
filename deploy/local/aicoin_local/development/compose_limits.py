"""Writes the names of the risk limits into deploy/compose.base.yaml, which passes them on: `make docs`."""

import re

from aicoin_local.settings import ROOT
from common.trading.limits import Limits

COMPOSE = ROOT / "deploy" / "compose.base.yaml"
BLOCK = re.compile(r"(?<=^x-limits: &limits\n)(?:  \w+:\n)*", re.MULTILINE)


def with_limits(text: str) -> str:
    """The text of a compose file whose block `x-limits` names every limit, without values."""
    written, blocks = BLOCK.subn("".join(f"  {name.upper()}:\n" for name in sorted(Limits.model_fields)), text)
    if blocks != 1:
        raise ValueError(f"{COMPOSE} has {blocks} blocks x-limits instead of one")
    return written


if __name__ == "__main__":
    COMPOSE.write_text(with_limits(COMPOSE.read_text(encoding="utf-8")), encoding="utf-8")
