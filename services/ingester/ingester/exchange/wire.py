"""Hyperliquid's WebSocket frames and /info answers as typed structs, under the exchange's field names."""

from typing import Any

import msgspec


class UnreadableFrame(Exception):
    """A frame or an answer that is not what its channel promises."""


class Frame(msgspec.Struct):
    """Any frame; `data` stays undecoded until it is needed."""

    channel: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class CoinOnly(msgspec.Struct):
    """The coin of a frame, all that conflation needs."""

    coin: str


class Acknowledgment(msgspec.Struct):
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
_COIN_ONLY = msgspec.json.Decoder(CoinOnly)
_CHANNELS: dict[str, msgspec.json.Decoder[Any]] = {
    "allMids": msgspec.json.Decoder(AllMids),
    "l2Book": msgspec.json.Decoder(L2Book),
    "bbo": msgspec.json.Decoder(Bbo),
    "activeAssetCtx": msgspec.json.Decoder(ActiveAssetCtx),
    "trades": msgspec.json.Decoder(list[WireTrade]),
    "candle": msgspec.json.Decoder(WireCandle),
}
_ACKNOWLEDGMENT = msgspec.json.Decoder(Acknowledgment)
_CANDLES = msgspec.json.Decoder(list[WireCandle])
_META = msgspec.json.Decoder(Meta)

MARKET_CHANNELS = frozenset(_CHANNELS)
LATEST_WINS = frozenset({"allMids", "l2Book", "bbo", "activeAssetCtx"})
"""Channels of which only the newest frame counts; the others carry trades and candles, of which none may be dropped."""


def decode_frame(raw: str | bytes) -> Frame:
    """The frame's channel and undecoded data. Raises UnreadableFrame."""
    try:
        return _FRAME.decode(raw)
    except msgspec.MsgspecError as error:
        raise UnreadableFrame(f"not a frame: {error}") from error


def decode_coin(frame: Frame) -> str:
    """The coin of a per-coin frame; an empty string for allMids. Raises UnreadableFrame."""
    if frame.channel == "allMids":
        return ""
    content: CoinOnly = _decode(_COIN_ONLY, frame.channel, frame.data)
    return content.coin


def decode_content(frame: Frame) -> Any:
    """A market frame's data as its channel's struct. Raises UnreadableFrame."""
    return _decode(_CHANNELS[frame.channel], frame.channel, frame.data)


def decode_subscription(frame: Frame) -> dict[str, Any]:
    """The subscription that a subscriptionResponse confirms. Raises UnreadableFrame."""
    acknowledgment: Acknowledgment = _decode(_ACKNOWLEDGMENT, frame.channel, frame.data)
    return acknowledgment.subscription


def decode_candles(body: bytes) -> list[WireCandle]:
    """The answer to candleSnapshot, oldest first. Raises UnreadableFrame."""
    candles: list[WireCandle] = _decode(_CANDLES, "candleSnapshot", body)
    return candles


def decode_meta(body: bytes) -> Meta:
    """The answer to meta. Raises UnreadableFrame."""
    meta: Meta = _decode(_META, "meta", body)
    return meta


def _decode(decoder: msgspec.json.Decoder[Any], what: str, data: Any) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise UnreadableFrame(f"{what}: {error}") from error
