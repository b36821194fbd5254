"""A network of its own with several containers a service, as Compose has it, and a real Prometheus in it.

Run as `unshare -rmn python replica_network.py FOLDER`: the folder has prometheus.yml with its rules; what Prometheus
finds is printed as JSON. A name server at 127.0.0.1:53 and the services' addresses exist in this network alone.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SET_FLAGS, UP = 0x8914, 0x41
PROMETHEUS = "127.0.0.1:9090"
ADDRESSES = {
    "recorder": ["127.0.1.1", "127.0.1.2"],
    "gateway": ["127.0.2.1", "127.0.2.2"],
    "risk": ["127.0.3.1", "127.0.3.2"],
}
METRICS = {
    "127.0.3.1": 'aicoin_lease_held 1\naicoin_risk_trading_state{model="qwen"} 0\n',
    "127.0.3.2": 'aicoin_lease_held 0\naicoin_risk_trading_state{model="qwen"} 2\n',
}
"""The second risk has owned the accounts, and shows a halt that has ended since."""
OTHERS = "aicoin_ready 1\n"


def answer(question: bytes, names: dict[str, list[str]]) -> bytes:
    """The name server's answer to a question for the addresses of a name; NXDOMAIN for one that has none."""
    end = question.index(b"\0", 12) + 5
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    found = names.get(".".join(labels), [])
    head = question[:2] + struct.pack(">5H", 0x8180 if found else 0x8183, 1, len(found), 0, 0)
    records = [struct.pack(">HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address) for address in found]
    return head + question[12:end] + b"".join(records)


def serve_names(names: dict[str, list[str]]) -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        question, sender = server.recvfrom(512)
        server.sendto(answer(question, names), sender)


def serve_metrics(address: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(METRICS.get(address, OTHERS).encode())

        def log_message(self, format: str, *args: Any) -> None:
            return None

    ThreadingHTTPServer((address, 9100), Handler).serve_forever()


def in_background(target: Any, *arguments: Any) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()


def ask(expression: str) -> list[dict[str, Any]]:
    url = f"http://{PROMETHEUS}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(url, timeout=10) as response:
        found: list[dict[str, Any]] = json.load(response)["data"]["result"]
    return found


def await_series(expression: str, count: int) -> list[dict[str, Any]]:
    """The series of an expression once there are so many of them; what there is after a minute."""
    deadline, found = time.monotonic() + 60, []
    while time.monotonic() < deadline:
        try:
            found = ask(expression)
        except OSError:
            found = []
        if len(found) == count:
            break
        time.sleep(0.2)
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    fcntl.ioctl(socket.socket(), SET_FLAGS, struct.pack("16sh", b"lo", UP))
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="ascii")
    subprocess.run(["mount", "--bind", folder / "resolv.conf", Path("/etc/resolv.conf").resolve()], check=True)
    names = dict(ADDRESSES)
    in_background(serve_names, names)
    for addresses in ADDRESSES.values():
        for address in addresses:
            in_background(serve_metrics, address)
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("wb") as log:
        prometheus = subprocess.Popen(
            ["prometheus", *options, f"--web.listen-address={PROMETHEUS}"], stdout=log, stderr=log
        )
    try:
        up = await_series("up == 1", 6)
        standby = await_series("instance:aicoin_lease_held:standby", 1)
        missing = await_series('ALERTS{alertname="ServiceDown"}', 5)
        del names["gateway"]
        without = await_series('ALERTS{alertname="ServiceDown"}', 6)
    finally:
        prometheus.terminate()
        prometheus.wait(30)
    found = {"up": up, "standby": standby, "missing": missing, "without": without}
    labels = {name: [series["metric"] for series in each] for name, each in found.items()}
    sys.stdout.write(json.dumps(labels) + "\n")


if __name__ == "__main__":
    main()
