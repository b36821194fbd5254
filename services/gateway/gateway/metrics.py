"""The gateway's metrics."""

from prometheus_client import Counter, Gauge

CLIENTS = Gauge("aicoin_gateway_clients", "Open WebSocket connections.")
PUSHES = Counter("aicoin_gateway_pushes", "Pushes read from ws.push.", ["channel"])
CLOSED = Counter("aicoin_gateway_closed_clients", "Connections that we closed, by reason.", ["reason"])
REQUESTS = Counter("aicoin_gateway_requests", "REST requests, by route and status.", ["route", "status"])
