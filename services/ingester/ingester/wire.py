"""Hyperliquid's WebSocket frames and /info answers, typed. Wire names stay in this module's structs."""

from typing import Any

import msgspec


class UnreadableFrame(Exception):
    """A frame that is not what its channel promises."""


class Frame(msgspec.Struct):
    """Any frame; `data` stays undecoded until it is wanted."""

    channel: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class Named(msgspec.Struct):
    """The coin of a frame, all that conflation needs."""

    coin: str


class AllMids(msgspec.Struct):
    mids: dict[str, str]


class WireLevel(msgspec.Struct):
    px: str
    sz: str
    n: int


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
_CANDLES = msgspec.json.Decoder(list[WireCandle])
_META = msgspec.json.Decoder(Meta)

LATEST_WINS = frozenset({"allMids", "l2Book", "bbo", "activeAssetCtx"})
"""Channels of which only the newest frame counts; the others carry facts that must not be dropped."""


def frame_of(raw: str | bytes) -> Frame:
    """The frame's channel and undecoded data. Raises UnreadableFrame."""
    try:
        return _FRAME.decode(raw)
    except msgspec.MsgspecError as error:
        raise UnreadableFrame(f"no frame: {error}") from error


def coin_of(frame: Frame) -> str:
    """The coin that a per-coin frame is about; an empty string for allMids."""
    return "" if frame.channel == "allMids" else _decoded(_NAMED, frame.channel, frame.data).coin


def content_of(frame: Frame) -> Any:
    """The frame's data as its channel's struct. Raises UnreadableFrame."""
    return _decoded(_TYPES[frame.channel], frame.channel, frame.data)


def is_market_data(frame: Frame) -> bool:
    return frame.channel in _TYPES


def candles_of(body: bytes) -> list[WireCandle]:
    """The answer to candleSnapshot, oldest first. Raises UnreadableFrame."""
    candles: list[WireCandle] = _decoded(_CANDLES, "candleSnapshot", body)
    return candles


def meta_of(body: bytes) -> Meta:
    """The answer to meta. Raises UnreadableFrame."""
    meta: Meta = _decoded(_META, "meta", body)
    return meta


def _decoded(decoder: msgspec.json.Decoder[Any], what: str, data: Any) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise UnreadableFrame(f"{what}: {error}") from error
