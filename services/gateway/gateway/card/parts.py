"""What every card is drawn with: its size, fonts and colors, text, lines, and how figures are written."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from typing import Literal
from xml.sax.saxutils import escape

import resvg_py

Lang = Literal["en", "zh"]
Theme = Literal["light", "dark"]

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
WIDTH, HEIGHT = 1200, 630
MARGIN = 64
FONTS = "'IBM Plex Mono','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',monospace"
MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EM DASH}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
COLORS: Mapping[Theme, Mapping[str, str]] = {
    "light": {
        "paper": "#FAF9F5",
        "ink": "#141414",
        "muted": "#6B6A65",
        "gain": "#0A7D45",
        "loss": "#C1271B",
    },
    "dark": {
        "paper": "#0C0E0D",
        "ink": "#E9E7E0",
        "muted": "#8F8D86",
        "gain": "#3ECF8E",
        "loss": "#FF6B5E",
    },
}
MODES: Mapping[Lang, Mapping[str, str]] = {
    "en": {"PAPER": "PAPER MONEY", "TESTNET": "TESTNET", "MAINNET": "REAL MONEY"},
    "zh": {"PAPER": "模拟资金", "TESTNET": "测试网", "MAINNET": "真实资金"},
}


def picture(title: str, corner: str, colors: Mapping[str, str], parts: Sequence[str]) -> str:
    """A whole card: the arena's name, `corner` beside it (the mode, so that paper is never taken for real money), and
    the parts; `title` is what a screen reader says."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONTS}" role="img">'
    )
    frame = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colors["paper"]}"/>',
        text(MARGIN, 84, "AICOIN", 20, colors["ink"], bold=True),
        f'<rect x="{MARGIN + 86}" y="73" width="8" height="8" fill="{colors["ink"]}"/>',
        text(MARGIN + 108, 84, "ARENA", 20, colors["ink"], bold=True),
        text(WIDTH - MARGIN, 84, corner, 20, colors["muted"], anchor="end"),
        line(MARGIN, 108, WIDTH - MARGIN, 108, colors["ink"], opacity=0.2),
    ]
    return "\n".join([head, f"<title>{printed(title)}</title>", *frame, *parts, "</svg>", ""])


def png(drawn: str) -> bytes:
    """The SVG as PNG; Chinese glyphs come from the machine's fonts, all others from the packaged one."""
    return resvg_py.svg_to_bytes(
        svg_string=drawn,
        font_files=list(_font_files()),
        font_family="IBM Plex Mono",
        monospace_family="IBM Plex Mono",
    )


@cache
def _font_files() -> tuple[str, ...]:
    folder = files("fontpkg_ibm_plex_mono").joinpath("files")
    found = []
    for weight in ("Regular", "SemiBold"):
        with as_file(folder.joinpath(f"IBMPlexMono-{weight}.ttf")) as path:
            found.append(str(path))
    return tuple(found)


def text(x: float, y: float, words: str, size: int, fill: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>{printed(words)}</text>'
    )


def printed(words: str) -> str:
    """Words of any origin as XML: what it can't hold (most control characters, surrogates) becomes U+FFFD."""
    return escape(NOT_XML.sub("\ufffd", words))


def width(words: str, size: int) -> float:
    """The width of a text, px: Chinese characters are as wide as high, the others 0.6 of that."""
    return sum(size if character >= "\u2e80" else 0.6 * size for character in words)


def wrapped(words: str, size: int, room: float, most: int) -> list[str]:
    """A text in lines of at most `room` px, at most so many; what doesn't fit is left out with an ellipsis."""
    lines = [""]
    for piece in _pieces(words):
        if lines[-1] and width(lines[-1] + piece.rstrip(), size) > room:
            lines.append("")
        lines[-1] = (lines[-1] + piece).lstrip()
    lines = [each.rstrip() for each in lines]
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while width(last + ELLIPSIS, size) > room:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + ELLIPSIS]


def _pieces(words: str) -> list[str]:
    """Where a line may end: after a space, and after each Chinese character; a longer run is cut."""
    pieces, piece = [], ""
    for character in " ".join(words.split()) + " ":
        piece += character
        if character == " " or character >= "\u2e80" or len(piece) > 40:
            pieces.append(piece)
            piece = ""
    return pieces


def arrow(change: Decimal | None, x: float, base: float, fill: str) -> str:
    """Up or down beside the return, so that color is not the only sign; a path, since the font has no such glyph."""
    if not change:
        return ""
    tip, foot = (base - 32, base) if change > 0 else (base, base - 32)
    return f'<path d="M{x:g} {foot}L{x + 36:g} {foot}L{x + 18:g} {tip}Z" fill="{fill}"/>'


def line(
    x1: float, y1: float, x2: float, y2: float, stroke: str, *, opacity: float = 1, dashes: str | None = None
) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{stroke}" stroke-opacity="{opacity}"{dashed}/>'


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def money(text: str | None) -> str:
    return MISSING if text is None else f"${Decimal(text):,.2f}".replace("$-", f"{MINUS}$")


def signed_percent(change: Decimal | None) -> str:
    if change is None:
        return MISSING
    return f"{change:+,.2f}%".replace("-", MINUS)


def percent(text: str | None, decimals: int = 1) -> str:
    return MISSING if text is None else f"{Decimal(text):,.{decimals}f}%".replace("-", MINUS)


def number(text: str | None) -> str:
    return MISSING if text is None else f"{Decimal(text):,.2f}".replace("-", MINUS)
