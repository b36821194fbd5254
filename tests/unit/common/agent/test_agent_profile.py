"""Where a contender's model answers and what it costs."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_openai.config import PROFILE as OPENAI
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.pricing import FREE, Price, UnknownPrice, is_local, price_of, tokens_at
from common.agent.providers.profile import Endpoint, Profile
from common.agent.settings import agent_settings, endpoint
from common.runtime.roster import read_roster
from common.trading.roster import Contender

ROSTER = read_roster(None)
LLAMA = Contender(
    id="llama",
    name="Llama",
    provider="deepseek",
    model="llama-4-70b",
    strategy="trend-v2",
    color="#7A3FB0",
    color_dark="#C49BFF",
    mark="square",
)


def endpoint_with(contender: Contender, profile: Profile, **settings: Any) -> Endpoint:
    made = agent_settings(contender, profile)(metrics_port=0, **settings)
    return endpoint(made, contender, profile)


def test_without_a_key_the_stand_in_answers_for_nothing() -> None:
    for contender, profile, path in (
        (ROSTER.contender("deepseek"), DEEPSEEK, "/deepseek"),
        (ROSTER.contender("qwen"), QWEN, "/dashscope/api/v1"),
        (LLAMA, OPENAI, "/deepseek"),
    ):
        target = endpoint_with(contender, profile, simulator_url="http://sim:1")
        assert target.base_url == f"http://sim:1{path}"
        assert target.stand_in
        assert target.price == FREE


def test_a_key_leads_to_the_providers_address_and_price() -> None:
    target = endpoint_with(ROSTER.contender("deepseek"), DEEPSEEK, deepseek_api_key="k")
    assert (target.base_url, target.provider_model) == ("https://api.deepseek.com", "deepseek-flash")
    assert target.price == price_of(DEEPSEEK.prices, "deepseek-flash", target.base_url)
    assert "'k'" not in repr(target)


def test_a_key_alone_is_refused_with_the_missing_variable() -> None:
    with pytest.raises(ValidationError, match="LLAMA_BASE_URL: not set; LLAMA_API_KEY is"):
        endpoint_with(LLAMA, OPENAI, llama_api_key="k")
    unnamed = LLAMA.model_copy(update={"model": None})
    with pytest.raises(ValidationError, match="LLAMA_MODEL: not set; LLAMA_API_KEY is"):
        endpoint_with(unnamed, OPENAI, llama_api_key="k", llama_base_url="https://example.com/v1")


@pytest.mark.parametrize("hyperliquid_env", ["testnet", "mainnet"])
def test_a_stand_in_is_refused_where_real_orders_are_placed(hyperliquid_env: str) -> None:
    with pytest.raises(ValidationError, match="LLAMA_API_KEY: not set; a stand-in model trades on paper only"):
        endpoint_with(LLAMA, OPENAI, hyperliquid_env=hyperliquid_env)


def test_the_environments_model_goes_before_the_rosters() -> None:
    given = {"llama_api_key": "k", "llama_base_url": "https://example.com/v1"}
    priced = LLAMA.model_copy(update={"price_usd": (Decimal(1), Decimal(1), Decimal(2))})
    assert endpoint_with(priced, OPENAI, **given).provider_model == "llama-4-70b"
    assert endpoint_with(priced, OPENAI, **given, llama_model="other").provider_model == "other"


def test_a_local_server_costs_nothing() -> None:
    local = endpoint_with(LLAMA, OPENAI, llama_api_key="k", llama_base_url="http://127.0.0.1:11434/v1")
    assert not local.stand_in
    assert local.price == FREE


def test_the_rosters_price_goes_before_every_other() -> None:
    priced = LLAMA.model_copy(update={"price_usd": (Decimal("0.2"), Decimal("0.05"), Decimal("0.6"))})
    for url in ("https://example.com/v1", "http://litellm:4000/v1"):
        target = endpoint_with(priced, OPENAI, llama_api_key="k", llama_base_url=url)
        assert target.price == Price(tokens_at("0.2", "0.05", "0.6"))


def test_a_model_without_a_known_price_is_refused_by_name() -> None:
    with pytest.raises(UnknownPrice, match=r"no price is known for 'qwen4-max', only for: qwen3.8-flash, qwen3.8-max"):
        endpoint_with(ROSTER.contender("qwen"), QWEN, qwen_api_key="k", qwen_model="qwen4-max")
    with pytest.raises(UnknownPrice, match="no price is known for 'llama-4-70b', only for: none"):
        endpoint_with(LLAMA, OPENAI, llama_api_key="k", llama_base_url="https://example.com/v1")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:11434/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://192.168.1.7:8000", True),
        ("http://[::1]:8000", True),
        ("http://host.docker.internal:8000", True),
        ("https://api.deepseek.com", False),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_a_server_is_local_by_its_host(url: str, expected: bool) -> None:
    assert is_local(url) is expected


def test_thinking_counts_as_output_with_the_rosters_bounds() -> None:
    silent = ROSTER.contender("qwen")
    thinker = silent.model_copy(update={"thinking": "on"})
    bounded = thinker.model_copy(update={"thinking_budget": 300, "max_answer_tokens": 200})
    assert endpoint_with(silent, QWEN).max_output_tokens == 2_000
    assert endpoint_with(thinker, QWEN).max_output_tokens == 10_000
    assert endpoint_with(bounded, QWEN).max_output_tokens == 500
    assert endpoint_with(bounded, QWEN).parameters.items() >= {"max_tokens": 200, "thinking_budget": 300}.items()
