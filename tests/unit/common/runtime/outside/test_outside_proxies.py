"""Which proxy a connection takes, and what is missing for it."""

import pytest

from common.runtime.outside import proxies
from common.runtime.outside.proxies import is_local, proxy_problem, websocket_proxy

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy", "socks_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(proxies, "find_spec", lambda module: None)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:3001",
        "http://127.8.9.1",
        "ws://localhost:3001/ws",
        "http://[::1]:3001",
        "http://simulator:3001",
        "http://api.localhost",
    ],
)
def test_a_server_of_this_machine_takes_no_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
    assert is_local(url)
    assert websocket_proxy(url) is None
    assert proxy_problem(url, "httpx", "requests", "websockets") is None


@pytest.mark.parametrize(
    "url", ["https://api.hyperliquid.xyz", "wss://api.hyperliquid.xyz/ws", "http://192.168.1.7:3001"]
)
def test_a_server_outside_takes_the_environments_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_local(url)
    assert websocket_proxy(url) is None
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:8080")
    assert websocket_proxy(url) == "http://proxy.example:8080"
    monkeypatch.setenv("NO_PROXY", "hyperliquid.xyz,192.168.1.7")
    assert websocket_proxy(url) is None


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
def test_what_a_socks_proxy_lacks_is_named_in_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "socks5://user:secret@proxy.example:1080")
    problem = proxy_problem("https://api.hyperliquid.xyz", "httpx", "requests", "websockets")
    assert problem is not None
    assert "socks5://proxy.example:1080" in problem
    assert "socksio, PySocks, python-socks[asyncio]" in problem
    assert "secret" not in problem
    assert "\n" not in problem


def test_a_socks_proxy_with_its_packages_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
    monkeypatch.setattr(proxies, "find_spec", lambda module: object())
    assert proxy_problem("https://api.hyperliquid.xyz", "httpx", "websockets") is None


def test_an_http_proxy_and_an_exception_are_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_problem("https://api.hyperliquid.xyz", "httpx") is None
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example:1080")
    monkeypatch.setenv("NO_PROXY", "api.hyperliquid.xyz")
    assert proxy_problem("https://api.hyperliquid.xyz", "httpx") is None


def test_a_client_that_takes_no_socks_proxy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
    monkeypatch.setattr(proxies, "find_spec", lambda module: object())
    problem = proxy_problem("https://dashscope.example", "aiohttp")
    assert problem is not None
    assert problem.endswith("aiohttp takes none: name an HTTP proxy")
