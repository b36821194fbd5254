"""The model stand-ins speak their providers' protocols: whole and streamed answers, keep-alives, errors."""

import json
from collections.abc import Iterator
from typing import Any

import dashscope
import httpx
import pytest
from harness import wait_until

from support.simulator_process import ForkedSimulator

KEY = {"authorization": "Bearer anything"}
MESSAGES = [{"role": "system", "content": "Answer in json."}, {"role": "user", "content": "What now?"}]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    simulator = ForkedSimulator(tmp_path_factory.mktemp("simulator")).start()
    yield simulator.url
    simulator.stop()


def ask(url: str, model: str, **more: Any) -> httpx.Response:
    body = {"model": model, "messages": MESSAGES, "thinking": {"type": "disabled"}} | more
    return httpx.post(f"{url}/deepseek/chat/completions", json=body, headers=KEY, timeout=60)


def generate(url: str, model: str, **more: Any) -> Any:
    dashscope.base_http_api_url = f"{url}/dashscope/api/v1"
    options = {"api_key": "anything", "result_format": "message"} | more
    return dashscope.Generation.call(model=model, messages=MESSAGES, **options)


def test_a_streamed_deepseek_answer_equals_the_plain_one(url: str) -> None:
    whole = ask(url, "deepseek-flash").json()
    streamed = ask(url, "deepseek-flash", stream=True, stream_options={"include_usage": True})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in streamed.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    chunks = [json.loads(line) for line in lines]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"] == whole["usage"]
    usage = whole["usage"]
    assert usage["prompt_cache_hit_tokens"] + usage["prompt_cache_miss_tokens"] == usage["prompt_tokens"]


@pytest.mark.parametrize("model", ["a-third/contender:latest", "gpt-5", "llama3.3"])
def test_any_model_and_any_key_are_served(url: str, model: str) -> None:
    body = {"model": model, "messages": MESSAGES}
    headers = {"authorization": "Bearer sk-of-another-provider"}
    for path in ("chat/completions", "v1/chat/completions"):
        answer = httpx.post(f"{url}/deepseek/{path}", json=body, headers=headers, timeout=60).json()
        assert answer["model"] == f"stand-in/{model}"
        assert json.loads(answer["choices"][0]["message"]["content"])["action"] == "HOLD"


def test_a_slow_model_sends_keep_alives_before_its_answer(url: str) -> None:
    plain = ask(url, "slow-1")
    assert plain.text.startswith("\n\n\n")
    assert plain.json()["choices"][0]["finish_reason"] == "stop"
    streamed = ask(url, "slow-1", stream=True)
    assert streamed.text.startswith(": keep-alive\n\n: keep-alive\n\n")


def test_a_blank_answer_is_blanks(url: str) -> None:
    content = ask(url, "blank").json()["choices"][0]["message"]["content"]
    assert content
    assert not content.strip()


@pytest.mark.parametrize("status", [400, 401, 402, 422, 429, 500, 503])
def test_deepseek_errors_are_requested_by_model_name(url: str, status: int) -> None:
    answer = ask(url, f"error-{status}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_the_models_are_listed_for_a_key_only(url: str) -> None:
    assert httpx.get(f"{url}/deepseek/models", timeout=60).status_code == 401
    listed = httpx.get(f"{url}/deepseek/models", headers=KEY, timeout=60).json()
    assert [row["id"] for row in listed["data"]] == ["deepseek-flash", "deepseek-v4-pro"]


@pytest.mark.parametrize("is_incremental", [False, True])
def test_the_dashscope_sdk_reads_the_streamed_answer(url: str, is_incremental: bool) -> None:
    whole = generate(url, "qwen-max").output.choices[0].message.content
    events = list(generate(url, "qwen-max", stream=True, incremental_output=is_incremental))
    assert len(events) > 1
    parts = [each.output.choices[0].message.content for each in events]
    assert ("".join(parts) if is_incremental else parts[-1]) == whole
    assert events[-1].output.choices[0].finish_reason == "stop"
    assert events[-1].usage.total_tokens == events[-1].usage.input_tokens + events[-1].usage.output_tokens


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("error-401", 401, "InvalidApiKey"),
        ("error-429", 429, "Throttling.RateQuota"),
        ("error-Arrearage", 402, "Arrearage"),
        ("error-DataInspectionFailed", 400, "DataInspectionFailed"),
        ("error-Throttling.AllocationQuota", 429, "Throttling.AllocationQuota"),
    ],
)
def test_dashscope_errors_are_requested_by_model_name(url: str, model: str, status: int, code: str) -> None:
    answer = generate(url, model)
    assert (answer.status_code, answer.code) == (status, code)


@pytest.mark.parametrize(
    "path", ["deepseek/chat/completions", "dashscope/api/v1/services/aigc/text-generation/generation"]
)
@pytest.mark.parametrize(
    ("content", "statuses"), [(b"[" * 100_000, {400, 422}), (b"{}", {400, 422}), (b" " * 3_000_000, {413})]
)
def test_an_unreadable_body_is_refused(url: str, path: str, content: bytes, statuses: set[int]) -> None:
    assert httpx.post(f"{url}/{path}", content=content, headers=KEY, timeout=60).status_code in statuses


def bill_of(url: str, key: str) -> dict[str, Any]:
    bill: dict[str, Any] = httpx.get(f"{url}/bill", headers={"authorization": f"Bearer {key}"}, timeout=60).json()
    return bill


@pytest.mark.parametrize(
    ("model", "calls"), [("late-500/m", 1), ("cut/m", 1), ("silent/m", 1), ("blank", 1), ("error-500/m", 0), ("m", 1)]
)
def test_a_key_owes_for_what_was_generated(url: str, model: str, calls: int) -> None:
    key = f"key-of-{model}"
    body = {"model": model, "messages": MESSAGES}
    answer = httpx.post(
        f"{url}/deepseek/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=60
    )
    assert answer.status_code == (500 if "500" in model else 200)
    bill = bill_of(url, key)
    assert bill["calls"] == calls
    assert (float(bill["usd"]) > 0) is bool(calls)
    if model == "m":
        usage = answer.json()["usage"]
        assert bill["input_tokens"] == usage["prompt_tokens"]
        assert bill["output_tokens"] == usage["completion_tokens"]


def test_a_caller_that_leaves_owes_for_the_whole_answer(url: str) -> None:
    headers = {"authorization": "Bearer impatient"}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{url}/deepseek/chat/completions",
            json={"model": "slow-9/deepseek-flash", "messages": MESSAGES, "stream": False},
            headers=headers,
            timeout=httpx.Timeout(60, read=0.05),
        )
    wait_until("the bill", lambda: bill_of(url, "impatient")["calls"] == 1)


def test_a_repeated_prefix_is_billed_as_cached(url: str) -> None:
    headers = {"authorization": "Bearer repeating"}
    body = {"model": "qwen-plus", "input": {"messages": [{"role": "user", "content": "7" * 200}]}}
    path = f"{url}/dashscope/api/v1/services/aigc/text-generation/generation"
    cached = [
        httpx.post(path, json=body, headers=headers, timeout=60).json()["usage"]["prompt_tokens_details"]
        for _ in range(2)
    ]
    assert cached == [{"cached_tokens": 0}, {"cached_tokens": 192}]
    bill = bill_of(url, "repeating")
    assert (bill["calls"], bill["input_tokens"], bill["cached_tokens"]) == (2, 400, 192)


@pytest.mark.parametrize(("budget", "thought"), [(50, 50), (5_000, None)])
def test_a_thought_is_billed_as_output_within_its_budget(url: str, budget: int, thought: int | None) -> None:
    answer = generate(url, "qwen-plus", enable_thinking=True, thinking_budget=budget)
    message, usage = answer.output.choices[0].message, answer.usage
    thought_tokens = usage["output_tokens_details"]["reasoning_tokens"]
    assert message["reasoning_content"].startswith("hm")
    assert thought_tokens == thought if thought else 40 <= thought_tokens < 300
    assert usage.output_tokens > thought_tokens


def test_deepseek_thinks_by_default_within_max_tokens(url: str) -> None:
    answer = ask(url, "deepseek-flash", thinking=None, max_tokens=30).json()
    assert answer["usage"]["completion_tokens"] == 30
    assert answer["choices"][0]["message"]["reasoning_content"]
    assert answer["choices"][0]["finish_reason"] == "length"
    assert "reasoning_content" not in ask(url, "deepseek-flash").json()["choices"][0]["message"]
