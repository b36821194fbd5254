"""A real Prometheus and a real Alertmanager beside an arena, with the project's rules, and a webhook outside."""

import json
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import yaml

from aicoin_local.configuration.monitoring.receivers import alertmanager_configuration
from aicoin_local.testing import Arena, free_block, wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
INSTALL = "apt-get install -y --no-install-recommends prometheus prometheus-alertmanager"
SCRAPE_S = 2
STOP_LIMIT_S = 30
ALERTMANAGER = ("alertmanager", "prometheus-alertmanager")


class Missing(Exception):
    """A program is not on PATH; the message says how to install it."""


def program(*names: str) -> str:
    """The path of the first of these programs. Raises Missing."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise Missing(f"{names[0]} is missing: {INSTALL}")
    return found


NOTICE: Final = re.compile(r"^\[(?!RESOLVED|已解除)[^]]+\] (\w+) ·", re.MULTILINE)
"""An alert in a message of the notifier."""


@dataclass(slots=True)
class Webhook:
    """Outside the arena: takes what Alertmanager and the notifier post.

    `seen` has the monotonic time at which each came first: an alert by (name, status), a notice by (code, "notice").
    """

    seen: dict[tuple[str, str], float] = field(default_factory=dict)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                webhook.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def take(self, body: dict[str, Any]) -> None:
        """A message of Alertmanager's webhook, or of Apprise's JSON."""
        found = [(alert["labels"]["alertname"], alert["status"]) for alert in body.get("alerts", ())]
        found += [(code, "notice") for code in NOTICE.findall(body.get("message", ""))]
        for key in found:
            self.seen.setdefault(key, time.monotonic())

    def firing(self) -> set[str]:
        """The names of all alerts that have fired so far."""
        return {name for name, status in self.seen if status == "firing"}

    def await_alert(self, name: str, limit_s: float, status: str = "firing") -> float:
        """The monotonic time at which the alert, or the notice, came. Raises AssertionError past the limit."""
        what = f"{name} ({status}) at the webhook"
        return wait_until(what, lambda: self.seen.get((name, status)), limit_s=limit_s)


class Monitoring:
    """Started with `with`. Raises Missing without the programs. The rules are the deployment's; only the addresses and
    the intervals are the drill's own."""

    def __init__(self, arena: Arena, folder: Path, webhook: Webhook) -> None:
        self._arena, self._folder, self._webhook = arena, folder, webhook
        self._processes: list[subprocess.Popen[bytes]] = []
        self._programs = (program("prometheus"), program(*ALERTMANAGER))
        self._url = ""

    def __enter__(self) -> "Monitoring":
        port = free_block(2)
        prometheus, alertmanager = f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}"
        self._url = f"http://{prometheus}"
        self._write_configurations(alertmanager)
        self._start(
            self._programs[1],
            f"--config.file={self._folder / 'alertmanager.yml'}",
            f"--storage.path={self._folder / 'alertmanager'}",
            f"--web.listen-address={alertmanager}",
            "--cluster.listen-address=",
        )
        self._start(
            self._programs[0],
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'prometheus'}",
            f"--web.listen-address={prometheus}",
        )
        wait_until("a scrape of every service", self._has_scraped)
        return self

    def __exit__(self, *details: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(STOP_LIMIT_S)

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now. Raises AssertionError when Prometheus refuses it."""
        answer = httpx.post(f"{self._url}/api/v1/query", data={"query": expression}, trust_env=False, timeout=60)
        assert answer.status_code == 200, f"{expression}: {answer.text}"
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def _write_configurations(self, alertmanager: str) -> None:
        self._folder.mkdir(exist_ok=True)
        url = f"http://127.0.0.1:{self._webhook.port}/"
        routes = alertmanager_configuration({"ALERT_WEBHOOK_URL": url})
        assert routes is not None
        [receiver] = routes["receivers"]
        # The page's own webhook needs the deployment's names; the one of the settings stays.
        receiver["webhook_configs"] = [each for each in receiver["webhook_configs"] if each["url"] == url]
        routes["route"] |= {"group_wait": "1s", "group_interval": "5s"}
        (self._folder / "alertmanager.yml").write_text(yaml.safe_dump(routes), encoding="utf-8")
        groups = [
            {"targets": [urlsplit(row["metrics_url"]).netloc], "labels": {"service": name}}
            for name, row in self._arena.run["services"].items()
        ]
        content = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
        content["global"] = {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"}
        content["rule_files"] = [str(DEPLOY / "prometheus" / "rules.yml")]
        content["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [alertmanager]}]
        [job] = content["scrape_configs"]
        del job["file_sd_configs"], job["dns_sd_configs"], job["relabel_configs"]
        job["static_configs"] = groups
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def _start(self, *command: str) -> None:
        log = (self._folder / f"{Path(command[0]).name}.log").open("wb")
        with log:
            self._processes.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
            )

    def _has_scraped(self) -> bool:
        if any(process.poll() is not None for process in self._processes):
            logs = [path.read_text(encoding="utf-8")[-2000:] for path in self._folder.glob("*.log")]
            raise AssertionError("\n".join(logs))
        try:
            answering = self.ask('up{job="aicoin"} == 1')
        except (httpx.HTTPError, AssertionError):
            return False
        return len(answering) == len(self._arena.run["services"])
