"""Alertmanager's webhook: what Prometheus finds wrong becomes a system.alert, beside those of the services.

Source: Prometheus docs, Alertmanager, webhook_config (message version 4).
"""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.events import AlertSeverity, Event, SystemAlert, originate
from common.runtime.service import Service
from common.trading.symbols import MODELS
from gateway.doorkeeper import check_bearer, read_body
from gateway.errors import ApiError, answer

MAX_BODY_BYTES = 262_144
MAX_ALERTS = 100
MAX_TEXT = 500
SEVERITIES = {severity.value: severity for severity in AlertSeverity}


class Alert(BaseModel):
    """One alert of the message; `fingerprint` and `startsAt` name the occurrence, however often it is told."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: str = Field(alias="startsAt")
    fingerprint: str


class Message(BaseModel):
    alerts: list[Alert] = Field(max_length=MAX_ALERTS)


class Alerts:
    """POST /api/v1/alerts, for Alertmanager only."""

    def __init__(self, service: Service, token: SecretStr) -> None:
        self._service, self._token = service, token

    def routes(self) -> list[Route]:
        return [Route("/api/v1/alerts", self._take, methods=["POST"])]

    async def _take(self, request: Request) -> Response:
        try:
            check_bearer(request, self._token, "ALERT_TOKEN")
            message = Message.model_validate_json(await read_body(request, MAX_BODY_BYTES))
        except ApiError as error:
            return answer(error)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the body"
            return answer(ApiError(400, "BAD_BODY", f"{place}: {first['msg']}"))
        now_ms = self._service.clock.now_ms()
        await self._service.publish(*(_event(alert, now_ms) for alert in message.alerts))
        return JSONResponse({"accepted": len(message.alerts)}, 202)


def _event(alert: Alert, now_ms: int) -> Event[SystemAlert]:
    """The alert as ours. Alertmanager repeats itself: the same occurrence in the same status has the same id."""
    labels, model = alert.labels, alert.labels.get("model")
    text = alert.annotations.get("summary") or alert.annotations.get("description") or labels.get("alertname", "")
    known = SEVERITIES.get(labels.get("severity", ""), AlertSeverity.WARNING)
    payload = SystemAlert(
        code=labels.get("alertname", "UNNAMED")[:MAX_TEXT],
        severity=known if alert.status == "firing" else AlertSeverity.INFO,
        service=labels.get("service", "alertmanager")[:MAX_TEXT],
        model=model if model in MODELS else None,
        message=(text if alert.status == "firing" else f"over: {text}")[:MAX_TEXT],
        figures={"status": alert.status, "since": alert.starts_at[:MAX_TEXT]},
    )
    return originate(payload, keys=(alert.fingerprint, alert.starts_at, alert.status), time_ms=now_ms, now_ms=now_ms)
