"""Metrics of the fan-out."""

from common.events import Channel
from common.runtime.metrics.series import counter, gauge

CLIENTS = gauge("aicoin_gateway_clients", "Open WebSocket connections.")
PUSHES = counter("aicoin_gateway_pushes", "Pushes read from ws.push.", channel=Channel)
CLOSED = counter(
    "aicoin_gateway_closed_clients",
    "Connections that the gateway closed, by the WebSocket's close code.",
    code=("1008", "1009", "1013"),
)
