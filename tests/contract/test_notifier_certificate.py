"""How long the page's certificate is valid, read from a real TLS socket as a metric of the notifier."""

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from notifier.outside.certificate import NoCertificate, certificate_end_s
from support.certificates import certificate
from support.service_rights import own_redis_url

METRIC = re.compile(r"^aicoin_notifier_certificate_left_seconds (\S+)$", re.MULTILINE)
DAY_S = 86_400


@asynccontextmanager
async def page(path: Path | None) -> AsyncIterator[str]:
    """The address of a server with this certificate; without one it speaks no TLS."""
    context = None
    if path is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@pytest.mark.parametrize("days", [-3, 5])
async def test_a_certificate_s_end_is_read_even_when_it_has_passed(tmp_path: Path, days: int) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    async with page(certificate(tmp_path, end)) as url:
        assert await certificate_end_s(url) == end.timestamp()


async def test_what_shows_no_certificate_is_named() -> None:
    async with page(None) as url:
        with pytest.raises(NoCertificate):
            await certificate_end_s(url)
    with pytest.raises(NoCertificate):
        await certificate_end_s(url)


def started(redis_url: str, read: Callable[[str], str], **settings: str) -> str:
    """What `read` makes of the metrics' address of a notifier with these settings."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | settings
    environment |= {"METRICS_PORT": "0", "REDIS_URL": own_redis_url("notifier", redis_url)}
    command = [sys.executable, "-m", "notifier.main"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        stop = threading.Timer(120, process.kill)
        stop.start()
        try:
            assert process.stdout is not None
            for line in iter(process.stdout.readline, b""):
                found = json.loads(line) if line.startswith(b"{") else {}
                if "metrics_port" in found:
                    return read(f"http://127.0.0.1:{found['metrics_port']}/metrics")
            raise AssertionError("the notifier ended at its start")
        finally:
            stop.cancel()
            process.kill()


def seconds_left(url: str) -> str:
    """The metric once it is known."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        while (found := METRIC.search(client.get(url).text)) is None or found[1] == "NaN":
            pass
    return found[1]


async def test_the_notifier_shows_the_days_left_of_the_named_address(redis_url: str, tmp_path: Path) -> None:
    async with page(certificate(tmp_path, datetime.now(UTC) + timedelta(days=5))) as url:
        left_s = await asyncio.to_thread(started, redis_url, seconds_left, CERTIFICATE_URL=url)
    assert 4.9 * DAY_S < float(left_s) < 5 * DAY_S
