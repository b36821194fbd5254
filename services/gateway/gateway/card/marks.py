"""The contenders' marks as SVG: contenders differ by shape, not only by color."""

from common.trading.roster import Mark

HALF = 11
"""Half the height of a mark, px."""


def mark_path(mark: Mark, x: float, y: float, fill: str) -> str:
    """The mark as an SVG element, centered on (x, y)."""
    if mark == "circle":
        return f'<circle cx="{x:g}" cy="{y:g}" r="{HALF - 1}" fill="{fill}"/>'
    corners = {
        "diamond": ((0, -HALF), (HALF, 0), (0, HALF), (-HALF, 0)),
        "square": ((-HALF + 2, -HALF + 2), (HALF - 2, -HALF + 2), (HALF - 2, HALF - 2), (-HALF + 2, HALF - 2)),
        "triangle": ((0, -HALF), (HALF, HALF - 2), (-HALF, HALF - 2)),
    }[mark]
    points = " ".join(f"{x + dx:g},{y + dy:g}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{fill}"/>'
