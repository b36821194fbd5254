"""Hyperliquid's WebSocket frames and /info answers, typed. Wire names stay in this module's structs."""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

MOST_DIGITS = 24


class UnreadableFrame(Exception):
    """A frame or an answer that is not what its channel promises."""


class Frame(msgspec.Struct):
    """Any frame; `data` stays undecoded until it is wanted."""

    channel: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class Named(msgspec.Struct):
    """The coin of a frame, all that conflation needs."""

    coin: str


class Acknowledgement(msgspec.Struct):
    """The server's echo of a request; it may add fields to the subscription."""

    method: str
    subscription: dict[str, Any]


class AllMids(msgspec.Struct):
    mids: dict[str, str]


class WireLevel(msgspec.Struct):
    px: str
    sz: str


class L2Book(msgspec.Struct):
    coin: str
    time: int
    levels: tuple[list[WireLevel], list[WireLevel]]


class Bbo(msgspec.Struct):
    coin: str
    time: int
    bbo: tuple[WireLevel | None, WireLevel | None]


class AssetCtx(msgspec.Struct):
    funding: str
    openInterest: str  # noqa: N815 - the wire's name
    prevDayPx: str  # noqa: N815
    dayNtlVlm: str  # noqa: N815
    oraclePx: str  # noqa: N815
    markPx: str  # noqa: N815
    premium: str | None = None
    midPx: str | None = None  # noqa: N815


class ActiveAssetCtx(msgspec.Struct):
    coin: str
    ctx: AssetCtx


class WireTrade(msgspec.Struct):
    coin: str
    side: str
    px: str
    sz: str
    time: int
    tid: int


class WireCandle(msgspec.Struct):
    """One candle; `t` opens it, `T` is its last millisecond."""

    t: int
    T: int
    s: str
    i: str
    o: str
    c: str
    h: str
    l: str  # noqa: E741 - the wire's name
    v: str
    n: int


class WireAsset(msgspec.Struct):
    name: str
    szDecimals: int  # noqa: N815
    maxLeverage: int  # noqa: N815
    isDelisted: bool = False  # noqa: N815


class Meta(msgspec.Struct):
    universe: list[WireAsset]


_FRAME = msgspec.json.Decoder(Frame)
_NAMED = msgspec.json.Decoder(Named)
_TYPES: dict[str, msgspec.json.Decoder[Any]] = {
    "allMids": msgspec.json.Decoder(AllMids),
    "l2Book": msgspec.json.Decoder(L2Book),
    "bbo": msgspec.json.Decoder(Bbo),
    "activeAssetCtx": msgspec.json.Decoder(ActiveAssetCtx),
    "trades": msgspec.json.Decoder(list[WireTrade]),
    "candle": msgspec.json.Decoder(WireCandle),
}
_ACKNOWLEDGEMENT = msgspec.json.Decoder(Acknowledgement)
_CANDLES = msgspec.json.Decoder(list[WireCandle])
_META = msgspec.json.Decoder(Meta)

MARKET_CHANNELS = frozenset(_TYPES)
LATEST_WINS = frozenset({"allMids", "l2Book", "bbo", "activeAssetCtx"})
"""Channels of which only the newest frame counts; the others carry facts that must not be dropped."""


def frame_of(raw: str | bytes) -> Frame:
    """The frame's channel and undecoded data. Raises UnreadableFrame."""
    try:
        return _FRAME.decode(raw)
    except msgspec.MsgspecError as error:
        raise UnreadableFrame(f"no frame: {error}") from error


def coin_of(frame: Frame) -> str:
    """The coin that a per-coin frame is about; an empty string for allMids. Raises UnreadableFrame."""
    if frame.channel == "allMids":
        return ""
    named: Named = _decoded(_NAMED, frame.channel, frame.data)
    return named.coin


def content_of(frame: Frame) -> Any:
    """A market frame's data as its channel's struct. Raises UnreadableFrame."""
    return _decoded(_TYPES[frame.channel], frame.channel, frame.data)


def subscription_of(frame: Frame) -> dict[str, Any]:
    """The subscription that a subscriptionResponse confirms. Raises UnreadableFrame."""
    acknowledgement: Acknowledgement = _decoded(_ACKNOWLEDGEMENT, frame.channel, frame.data)
    return acknowledgement.subscription


def candles_of(body: bytes) -> list[WireCandle]:
    """The answer to candleSnapshot, oldest first. Raises UnreadableFrame."""
    candles: list[WireCandle] = _decoded(_CANDLES, "candleSnapshot", body)
    return candles


def meta_of(body: bytes) -> Meta:
    """The answer to meta. Raises UnreadableFrame."""
    meta: Meta = _decoded(_META, "meta", body)
    return meta


def signed(text: str) -> Decimal:
    """A number of the wire, finite and of sane length. Raises UnreadableFrame."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise UnreadableFrame(f"no number: {text[:40]!r}") from error
    # A number like 1e999999999 is finite, but writing it out would fill the memory.
    if not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS:
        raise UnreadableFrame(f"no usable number: {text[:40]!r}")
    return value


def amount(text: str) -> Decimal:
    """A number of the wire that can't be negative. Raises UnreadableFrame."""
    value = signed(text)
    if value < 0:
        raise UnreadableFrame(f"negative: {text[:40]!r}")
    return value


def price(text: str) -> Decimal:
    """A number of the wire that must be positive. Raises UnreadableFrame."""
    value = signed(text)
    if value <= 0:
        raise UnreadableFrame(f"no price: {text[:40]!r}")
    return value


def _decoded(decoder: msgspec.json.Decoder[Any], what: str, data: Any) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise UnreadableFrame(f"{what}: {error}") from error
