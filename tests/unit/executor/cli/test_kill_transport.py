"""A proxy or certificates that lead nowhere keep the kill switch from nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from executor.cli.kill_transport import KillTransport
from executor.exchange.errors import TransportError

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
OUTSIDE = "0.0.0.0"
"""An address of this machine that isn't taken for one."""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that answers every request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "0.0.0.0", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HTTP_PROXY": "http://127.0.0.1:9"},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"http_proxy": "what is this"},
        {"REQUESTS_CA_BUNDLE": "nowhere.pem"},
    ],
)
@pytest.mark.parametrize("host", [OUTSIDE, "127.0.0.1"])
async def test_whatever_the_environment_says_the_exchange_is_reached(
    port: int, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], host: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    lines: list[str] = []
    transport = KillTransport(f"http://{host}:{port}", 3.0, lines.append)
    for _ in range(2):
        assert (await asyncio.to_thread(transport.post, "/info", b"{}")).status == 200
    transport.close()
    assert len(lines) <= 1


async def test_the_report_says_which_way_led_there(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    lines: list[str] = []
    transport = KillTransport(f"http://{OUTSIDE}:{port}", 3.0, lines.append)
    await asyncio.to_thread(transport.post, "/info", b"{}")
    transport.close()
    assert lines[0].startswith("the exchange is reached directly; not as the environment says: ")


def test_when_no_way_leads_there_each_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    transport = KillTransport(f"https://{OUTSIDE}:9", 1.0, lambda line: None)
    with pytest.raises(TransportError, match=r"as the environment says: .*; directly: "):
        transport.post("/info", b"{}")
