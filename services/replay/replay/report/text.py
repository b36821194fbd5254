"""What a run found, for the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from replay.domain.cycle import HORIZONS_MIN
from replay.domain.differences import Difference
from replay.domain.summary import Pair, Summary
from replay.report.words import bps, counts, in_words, moment

MOST_PAIRS = 20


def print_differences(console: Console, differences: list[Difference]) -> None:
    """One line per place that a replay did not bring back as it is recorded."""
    for each in differences:
        console.print(f"{each.cycle_id} {each.model}: {each.place}", markup=False)
        console.print(f"    recorded  {each.recorded}", markup=False)
        console.print(f"    replayed  {each.replayed}", markup=False)


def print_summary(console: Console, summary: Summary) -> None:
    """The arms, the first decisions that differ, the bands, and what they mean."""
    console.print(f"\n{summary.model}: {summary.cycles} cycles", style="bold", markup=False)
    console.print(_arms(summary))
    differing = [pair for pair in summary.pairs if pair.differs]
    console.print(f"\n{len(differing)} of {len(summary.pairs)} decisions differ", markup=False)
    for pair in differing[:MOST_PAIRS]:
        for line in _pair_lines(pair):
            console.print(line, markup=False)
    if len(differing) > MOST_PAIRS:
        console.print(f"… and {len(differing) - MOST_PAIRS} more, in the report", markup=False)
    if summary.comparison.bands:
        console.print(_bands(summary))
    console.print(summary.comparison.sentence, style="bold", markup=False)


def _arms(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("arm", "answers", "actions", "denied", "same as first"):
        table.add_column(heading)
    for minutes in HORIZONS_MIN:
        table.add_column(f"{minutes} min, bps", justify="right")
    for each in summary.arms:
        table.add_row(
            each.arm.value,
            str(each.answers),
            counts(each.actions),
            counts(each.denials),
            f"{each.agreement:.0%}",
            *(bps(each.mean_bps[minutes]) for minutes in HORIZONS_MIN),
        )
    return table


def _bands(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, title=f"difference to {summary.base.value}, bps of equity per decision")
    for heading in ("arm", "minutes", "mean", "band", "cycles", "blocks"):
        table.add_column(heading)
    for arm, bands in summary.comparison.bands.items():
        for minutes, band in bands.items():
            ends = "too few blocks" if band.low_bps is None else f"{bps(band.low_bps)} to {bps(band.high_bps)}"
            cells = (arm.value, str(minutes), bps(band.mean_bps), ends, str(band.cycles), str(band.blocks))
            table.add_row(*cells)
    return table


def _pair_lines(pair: Pair) -> Iterator[str]:
    yield f"  {moment(pair.first.boundary_ms)}  {in_words(pair.first)}  →  {in_words(pair.changed)}"
    after = "  ".join(
        f"{minutes} min {bps(pair.first_bps[minutes])} → {bps(pair.changed_bps[minutes])}" for minutes in HORIZONS_MIN
    )
    yield f"      {after}  ({pair.changed.prompt_lines} lines of the prompt differ)"
