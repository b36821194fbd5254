"""Whole prompts as files in tests/golden/prompts: run as a script, this writes them again."""

import sys
from pathlib import Path
from typing import Final, get_args

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from common.trading.roster import Language, Mode
from support.prompt_examples import a_prompt

FOLDER: Final = Path(__file__).parents[1] / "golden" / "prompts"
_BASELINE: Final[Mode] = "baseline"
GOLDENS: Final[dict[str, tuple[str, Language, Mode]]] = {
    f"{strategy}.{language}.{mode}.txt": (strategy, language, mode)
    for strategy in ("trend-v2", "reversion-v2")
    for language in get_args(Language)
    for mode in get_args(Mode)
    # The other modes add the same text to both strategies.
    if mode == _BASELINE or strategy == "trend-v2"
}
"""Strategy, language and mode of each file."""


def render(name: str) -> str:
    """Both messages of that prompt."""
    strategy, language, mode = GOLDENS[name]
    prompt = a_prompt(strategy=strategy, language=language, mode=mode)
    return f"{prompt.system}\n\n{'=' * 40} user\n\n{prompt.user}\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name in GOLDENS:
        (FOLDER / name).write_text(render(name), encoding="utf-8")


if __name__ == "__main__":
    main()
