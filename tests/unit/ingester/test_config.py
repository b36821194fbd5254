"""Which exchange the settings mean."""

import pytest

from ingester.config import IngesterSettings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    for name in ("HYPERLIQUID_ENV", "HYPERLIQUID_API_URL", "SIMULATOR_URL"):
        monkeypatch.delenv(name, raising=False)

    def of(**variables: str) -> IngesterSettings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return IngesterSettings(metrics_port=0)

    return of


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://127.0.0.1:3001"),
        ({"SIMULATOR_URL": "http://127.0.0.1:4000"}, "http://127.0.0.1:4000"),
        ({"HYPERLIQUID_ENV": "testnet"}, "https://api.hyperliquid-testnet.xyz"),
        ({"HYPERLIQUID_ENV": "mainnet"}, "https://api.hyperliquid.xyz"),
        ({"HYPERLIQUID_ENV": "testnet", "HYPERLIQUID_API_URL": "http://127.0.0.1:5000"}, "http://127.0.0.1:5000"),
        ({"HYPERLIQUID_API_URL": ""}, "http://127.0.0.1:3001"),
    ],
)
def test_the_exchange_of_an_environment(settings, variables: dict[str, str], url: str) -> None:  # type: ignore[no-untyped-def]
    assert settings(**variables).api_url == url


def test_the_socket_is_beside_the_api(settings) -> None:  # type: ignore[no-untyped-def]
    assert settings().ws_url == "ws://127.0.0.1:3001/ws"
    assert settings(HYPERLIQUID_ENV="mainnet").ws_url == "wss://api.hyperliquid.xyz/ws"


@pytest.mark.parametrize(("environment", "weight"), [("paper", 84_000), ("mainnet", 280)])
def test_past_candles_have_the_weight_of_each_minute_of_a_paper_market(
    settings,
    environment: str,
    weight: int,  # type: ignore[no-untyped-def]
) -> None:
    assert settings(HYPERLIQUID_ENV=environment, MARKET_SPEED="300").history_weight == weight
