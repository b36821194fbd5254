"""What every benchmark shares: interleaved rounds, medians with ranges, ratios, JSON."""

import json
import statistics
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

Run = Callable[[], Awaitable[float]]


@dataclass
class Race:
    """Contenders measured turn by turn (A B C A B C …), so that the machine's swings meet all of them alike."""

    title: str
    unit: str
    higher_is_better: bool = True
    figures: dict[str, list[float]] = field(default_factory=dict)

    async def run(self, candidates: dict[str, Run], rounds: int) -> None:
        for _ in range(rounds):
            for name, candidate in candidates.items():
                self.figures.setdefault(name, []).append(await candidate())

    def median(self, name: str) -> float:
        return statistics.median(self.figures[name])

    def ratio(self, arena: str, reference: str) -> tuple[float, float, float]:
        """Median, lowest and highest of the per-round ratios arena / reference."""
        pairs = zip(self.figures[arena], self.figures[reference], strict=True)
        ratios = [mine / theirs for mine, theirs in pairs]
        return statistics.median(ratios), min(ratios), max(ratios)

    def print(self, arena: str, goals: dict[str, float]) -> list[dict[str, object]]:
        """Prints medians and the ratios against each reference in `goals`, with the goal beside it."""
        print(f"\n{self.title} ({self.unit}, median of {len(self.figures[arena])} rounds)")
        for name, values in self.figures.items():
            print(f"  {name:<34} {self.median(name):>12,.1f}   [{min(values):,.1f} … {max(values):,.1f}]")
        rows: list[dict[str, object]] = []
        for reference, goal in goals.items():
            middle, low, high = self.ratio(arena, reference)
            met = middle >= goal if self.higher_is_better else middle <= goal
            sign = "≥" if self.higher_is_better else "≤"
            verdict = "met" if met else "MISSED"
            if low < 1 < high:
                verdict += " (the range straddles 1: no finding)"
            bounds = f"[{low:.2f} … {high:.2f}]"
            print(f"  ratio to {reference:<25} {middle:>12.2f}   {bounds}  goal {sign} {goal} {verdict}")
            rows.append(
                {
                    "title": self.title,
                    "reference": reference,
                    "ratio": middle,
                    "low": low,
                    "high": high,
                    "goal": goal,
                    "met": met,
                }
            )
        return rows


def write_json(path: str | None, races: list[Race], rows: list[dict[str, object]]) -> None:
    """Writes every figure measured, if a path was asked for."""
    if path is None:
        return
    content = {"races": [race.__dict__ for race in races], "ratios": rows, "python": sys.version.split()[0]}
    Path(path).write_text(json.dumps(content, indent=2), encoding="utf-8")
