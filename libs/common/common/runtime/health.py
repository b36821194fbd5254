"""`/healthz`, `/readyz` and `/metrics` on the service's internal port, in a thread of its own."""

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from common.runtime import metrics

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Readiness:
    """Named conditions; the service is ready when all of them hold.

    The event loop writes, the health server's thread reads: each write replaces the whole mapping.
    """

    def __init__(self) -> None:
        self._unmet: dict[str, str] = {"start": "starting"}

    def set(self, name: str, ready: bool, reason: str = "") -> None:
        """Sets one condition; `reason` is shown while it does not hold."""
        unmet = dict(self._unmet)
        unmet.pop(name, None)
        if not ready:
            unmet[name] = reason or "not ready"
        self._unmet = unmet
        metrics.READY.set(not unmet)

    @property
    def unmet(self) -> dict[str, str]:
        """The conditions that don't hold, with their reasons."""
        return self._unmet


class _WithoutAccessLog(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class HealthServer:
    """Serves until closed. Raises OSError when the port is taken; `port` is the real one where 0 was asked for."""

    def __init__(self, host: str, port: int, readiness: Readiness) -> None:
        self._readiness = readiness
        self._server = make_server(host, port, self._respond, server_class=_Server, handler_class=_WithoutAccessLog)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops the server and joins its thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _respond(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        status, kind, body = "200 OK", "application/json", b'{"status":"ok"}'
        if path == "/metrics":
            kind, body = CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
        elif path == "/readyz":
            unmet = self._readiness.unmet
            if unmet:
                status = "503 Service Unavailable"
            body = json.dumps({"ready": not unmet, "reasons": unmet}).encode()
        elif path != "/healthz":
            status, body = "404 Not Found", b'{"error":"try /healthz, /readyz or /metrics"}'
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]
