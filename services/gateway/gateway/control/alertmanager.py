"""Alertmanager's webhook: each alert of Prometheus becomes a system.alert, beside those of the services.

Its code is the alert's own name; an `AlertCode` is only what the services publish themselves.

Source: Prometheus docs, Alertmanager, webhook_config (message version 4).
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.events import AlertSeverity, Event, SystemAlert, originate
from common.runtime.service import Service
from common.trading.roster import Roster
from gateway.http.auth import BearerCheck, parse_body, read_body
from gateway.http.endpoint import API
from gateway.http.errors import ApiError, error_response

MAX_BODY_BYTES = 262_144
MAX_ALERTS = 100
MAX_TEXT = 500
SEVERITIES = {severity.value: severity for severity in AlertSeverity}


class Alert(BaseModel):
    """One alert of the message; `fingerprint` and `startsAt` identify the occurrence, however often it is sent."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: str = Field(alias="startsAt")
    fingerprint: str


class Message(BaseModel):
    alerts: list[Alert] = Field(max_length=MAX_ALERTS)


class AlertRoutes:
    """POST /api/v1/alerts, for Alertmanager only."""

    def __init__(self, service: Service, token: SecretStr, roster: Roster) -> None:
        self._service, self._token, self._ids = service, token, roster.ids
        self._bearer = BearerCheck(service.clock, service.log)

    def routes(self) -> list[Route]:
        return [Route(f"{API}/alerts", self._receive, methods=["POST"])]

    async def _receive(self, request: Request) -> Response:
        try:
            self._bearer.check(request, self._token, "ALERT_TOKEN")
            message = parse_body(Message, await read_body(request, MAX_BODY_BYTES))
        except ApiError as error:
            return error_response(error)
        now_ms = self._service.clock.now_ms()
        await self._service.publish(*(_event(alert, self._ids, now_ms) for alert in message.alerts))
        return JSONResponse({"accepted": len(message.alerts)}, 202)


def _event(alert: Alert, contenders: Sequence[str], now_ms: int) -> Event[SystemAlert]:
    """The alert as an event. Alertmanager sends it repeatedly: one occurrence in one status keeps one id."""
    labels, model = alert.labels, alert.labels.get("model")
    text = alert.annotations.get("summary") or alert.annotations.get("description") or labels.get("alertname", "")
    known = SEVERITIES.get(labels.get("severity", ""), AlertSeverity.WARNING)
    payload = SystemAlert(
        code=labels.get("alertname", "UNNAMED")[:MAX_TEXT],
        severity=known if alert.status == "firing" else AlertSeverity.INFO,
        service=labels.get("service", "alertmanager")[:MAX_TEXT],
        model=model if model in contenders else None,
        message=(text if alert.status == "firing" else f"resolved: {text}")[:MAX_TEXT],
        figures={"status": alert.status, "since": alert.starts_at[:MAX_TEXT]},
    )
    return originate(payload, keys=(alert.fingerprint, alert.starts_at, alert.status), time_ms=now_ms, now_ms=now_ms)
