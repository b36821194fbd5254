"""What other sites show of a link to the page: Open Graph tags with the card of what the address names. Pure."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from starlette.requests import Request

from common.trading.roster import Roster
from gateway.card.parts import HEIGHT, WIDTH
from gateway.http.endpoint import API

NAME = "AIcoin"
DESCRIPTIONS = {
    "en": "Language models trade perpetual futures, each with an account of its own.",
    "zh": "语言模型各用各的账户交易永续合约。",
}
DUELS = {"en": "Duel", "zh": "对决"}


class PageTags:
    """The tags of each address; they name nothing that would have to be read from a store."""

    def __init__(self, roster: Roster) -> None:
        self._names = {each.id: each.name for each in roster.contenders}

    def html(self, request: Request) -> str:
        """Elements for a page's head, in the client's language."""
        lang = "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"
        title, card = self._subject(request.url.path.strip("/").split("/"), lang)
        base = f"{request.url.scheme}://{request.url.netloc}"
        tags = {
            "og:site_name": NAME,
            "og:type": "website",
            "og:title": f"{title} · {NAME}" if title else NAME,
            "og:description": DESCRIPTIONS[lang],
            "og:url": f"{base}{request.url.path}",
        }
        if card is not None:
            picture = {"og:image": f"{base}{API}{card}/card.png?lang={lang}"}
            sizes = {"og:image:width": str(WIDTH), "og:image:height": str(HEIGHT)}
            tags |= picture | sizes | {"twitter:card": "summary_large_image"}
        return "".join(f'<meta property="{name}" content="{escape(value)}" />' for name, value in tags.items())

    def _subject(self, parts: Sequence[str], lang: str) -> tuple[str, str | None]:
        """What the page is about, and the address of its card."""
        match parts:
            case ["cycles", cycle]:
                return f"{DUELS[lang]} {cycle}", f"/cycles/{quote(cycle, safe='')}"
            case ["decisions", cycle, model] if model in self._names:
                return f"{self._names[model]} {cycle}", f"/cycles/{quote(cycle, safe='')}"
            case ["models", model] if model in self._names:
                return self._names[model], f"/models/{model}"
        return "", None
