"""What browsers get: one message of one channel."""

from enum import StrEnum
from typing import Any, ClassVar

from common.events.envelope import Payload


class Channel(StrEnum):
    """The five WebSocket channels."""

    PRICE_UPDATE = "price_update"
    TRADE_EXECUTED = "trade_executed"
    POSITION_UPDATE = "position_update"
    AI_DECISION = "ai_decision"
    ACCOUNT_UPDATE = "account_update"


class WsPush(Payload):
    """One message for every subscriber of `channel`; `data` is JSON already in the browser's form."""

    TYPE: ClassVar[str] = "ws.push"

    channel: Channel
    data: dict[str, Any]
