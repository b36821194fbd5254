"""Metrics of the fan-out."""

from prometheus_client import Counter, Gauge

CLIENTS = Gauge("aicoin_gateway_clients", "Open WebSocket connections.")
PUSHES = Counter("aicoin_gateway_pushes", "Pushes read from ws.push.", ["channel"])
CLOSED = Counter("aicoin_gateway_closed_clients", "Connections that the gateway closed, by reason.", ["reason"])
