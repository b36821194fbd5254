"""GET feed.atom: the latest entries, exits, alerts and changes of the lead, for feed readers."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from common.trading.roster import Roster
from gateway.http.endpoint import API
from gateway.http.response_cache import EncodedResponse
from gateway.storage.queries import Queries, Row
from gateway.storage.standing import StandingQueries

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
NAMESPACE: Final = "http://www.w3.org/2005/Atom"
MAX_ENTRIES: Final = 50
MAX_LEADS: Final = 10
TITLE: Final = "AIcoin"
WORDS: Final = {
    "en": {
        "entry": "{name} {side} {symbol} at {price}",
        "exit": "{name} closed {side} {symbol}: {pnl} USD ({reason})",
        "lead": "{name} leads",
        "sides": {"LONG": "long", "SHORT": "short"},
    },
    "zh": {
        "entry": "{name} {side} {symbol}，价格 {price}",
        "exit": "{name} 平掉{side} {symbol}：{pnl} USD（{reason}）",
        "lead": "{name} 领先",
        "sides": {"LONG": "做多", "SHORT": "做空"},
    },
}


class Item(NamedTuple):
    """One entry. `key` never changes, so that a reader shows the entry once; `path` is the page that explains it."""

    key: str
    time_ms: int
    title: str
    text: str
    path: str


class AtomFeed:
    """Reads what the feed lists, of one contender or of all."""

    def __init__(self, roster: Roster, queries: Queries) -> None:
        self._names = {each.id: each.name for each in roster.contenders}
        self._queries, self._standing = queries, StandingQueries(queries, roster.ids)

    async def items(self, model: str | None, lang: str) -> list[Item]:
        """The entries, the newest first."""
        trades, _ = await self._queries.trades(model, None, MAX_ENTRIES, None)
        alerts = await self._queries.alerts(MAX_ENTRIES)
        leads = await self._standing.settled_leads(MAX_LEADS)
        items = [item for trade in trades for item in self._of_trade(trade, lang)]
        items += [self._of_lead(each, lang) for each in leads]
        items += [_of_alert(each) for each in alerts if model is None or each["model"] in (None, model)]
        return sorted(items, key=lambda item: (item.time_ms, item.key), reverse=True)[:MAX_ENTRIES]

    def _name(self, model: str) -> str:
        return self._names.get(model, model)

    def _of_trade(self, trade: Row, lang: str) -> list[Item]:
        words: Any = WORDS[lang]
        path = f"/cycles/{quote(trade['cycle_id'], safe='')}" if trade["cycle_id"] else f"/models/{trade['model']}"
        values = {
            "name": self._name(trade["model"]),
            "side": words["sides"][trade["side"]],
            "symbol": trade["symbol"],
            "price": trade["entry_price"],
        }
        key, title = f"trade/{trade['id']}", words["entry"].format(**values)
        items = [Item(f"{key}/entry", trade["entry_time"], title, f"{trade['position_size']} {trade['symbol']}", path)]
        if trade["exit_time"] is not None:
            values |= {"pnl": trade["pnl"], "reason": trade["close_reason"] or trade["status"]}
            text = f"{trade['entry_price']} → {trade['exit_price']}"
            items.append(Item(f"{key}/exit", trade["exit_time"], words["exit"].format(**values), text, path))
        return items

    def _of_lead(self, lead: Row, lang: str) -> Item:
        words: Any = WORDS[lang]
        title = words["lead"].format(name=self._name(lead["model"]))
        return Item(f"lead/{lead['since_ms']}", lead["since_ms"], title, title, "/leaderboard")


def _of_alert(alert: Row) -> Item:
    return Item(f"alert/{alert['id']}", alert["time_ms"], alert["code"], alert["message"], "/operations")


def document(base: str, items: list[Item]) -> str:
    """An Atom document (RFC 4287), entries as they come; `base` is the server's address as its reader knows it."""
    ElementTree.register_namespace("", NAMESPACE)
    feed = ElementTree.Element(f"{{{NAMESPACE}}}feed")
    _add(feed, "id", f"{base}{API}/feed.atom")
    _add(feed, "title", TITLE)
    _add(feed, "updated", _time(items[0].time_ms if items else 0))
    _add(feed, "link", rel="self", href=f"{base}{API}/feed.atom")
    _add(feed, "link", rel="alternate", href=f"{base}/")
    _add(_add(feed, "author"), "name", "AIcoin")
    for item in items:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{base}/#{item.key}")
        _add(entry, "title", item.title)
        _add(entry, "updated", _time(item.time_ms))
        _add(entry, "link", rel="alternate", href=f"{base}{item.path}")
        _add(entry, "content", item.text, type="text")
    return ElementTree.tostring(feed, encoding="unicode", xml_declaration=True)


def encode_feed(text: str) -> EncodedResponse:
    body = text.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    return EncodedResponse(body, None, etag, media_type=MEDIA_TYPE)


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    child.text = "".join(each for each in text if each.isprintable() or each in "\t\n") or None
    return child


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
