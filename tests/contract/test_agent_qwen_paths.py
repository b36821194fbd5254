"""DashScope's two native paths: learned from the provider's own answer, with content in the form of each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from common.agent.parse import parse_answer
from common.agent.providers.port import CallFailed
from simulator.server.models.app import create_models_app
from support.model_servers import HOLD, MESSAGES, ROSTER, generation, qwen, serving

TEXT, PARTS = "text-generation", "multimodal-generation"


class TwoPaths:
    """A provider that serves every model on `served` and answers "url error" elsewhere, as DashScope does."""

    def __init__(self, *served: str) -> None:
        self.served = served
        self.paths: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        route = Route("/dashscope/api/v1/services/aigc/{task}/generation", self.generate, methods=["POST"])
        self.app = Starlette(routes=[route])

    async def generate(self, request: Request) -> JSONResponse:
        task = request.path_params["task"]
        self.paths.append(task)
        self.bodies.append(await request.json())
        if task not in self.served:
            message = "url error, please check url！ For details, see: https://help.example/error-url"
            return JSONResponse({"code": "InvalidParameter", "message": message, "request_id": "r"}, 400)
        return JSONResponse(generation([{"text": HOLD}] if task == PARTS else HOLD))


@pytest.mark.parametrize(
    ("model", "served", "paths"),
    [
        ("qwen-plus", TEXT, [TEXT, TEXT]),
        ("qwen-plus", PARTS, [TEXT, PARTS, PARTS]),
        ("qwen3.8-max", PARTS, [PARTS, PARTS]),
        ("qwen3.8-flash", TEXT, [PARTS, TEXT, TEXT]),
        ("qwen3-vl-plus", PARTS, [PARTS, PARTS]),
        ("qwen3-max", TEXT, [TEXT, TEXT]),
    ],
)
async def test_the_path_is_learned_once(model: str, served: str, paths: list[str]) -> None:
    provider = TwoPaths(served)
    async with serving(provider.app) as url:
        client = qwen(url, model)
        answers = [await client.complete(MESSAGES) for _ in range(2)]
        await client.close()
    assert provider.paths == paths
    assert [answer.text for answer in answers] == [HOLD, HOLD]


async def test_calls_side_by_side_learn_one_path() -> None:
    provider = TwoPaths(PARTS)
    async with serving(provider.app) as url:
        client = qwen(url, "qwen-plus")
        answers = await asyncio.gather(*(client.complete(MESSAGES) for _ in range(2)))
        provider.paths.clear()
        answers.append(await client.complete(MESSAGES))
        await client.close()
    assert [answer.text for answer in answers] == [HOLD] * 3
    assert provider.paths == [PARTS]


async def test_a_path_stays_learned_when_the_provider_fails_there() -> None:
    provider = TwoPaths(PARTS)
    async with serving(provider.app) as url:
        client = qwen(url, "qwen-plus")
        await client.complete(MESSAGES)
        provider.served = ()
        with pytest.raises(CallFailed, match="url error"):
            await client.complete(MESSAGES)
        provider.served = (PARTS,)
        assert (await client.complete(MESSAGES)).text == HOLD
        await client.close()
    assert provider.paths == [TEXT, PARTS, PARTS, TEXT, PARTS]


async def test_a_model_on_neither_path_is_a_refused_request() -> None:
    async with serving(TwoPaths().app) as url:
        client = qwen(url)
        with pytest.raises(CallFailed, match="QWEN_MODEL") as caught:
            await client.complete(MESSAGES)
        await client.close()
    assert (caught.value.code, caught.value.retryable, caught.value.nothing_billed) == ("InvalidParameter", False, True)


async def test_each_path_gets_contents_in_its_form_and_the_rosters_parameters() -> None:
    provider = TwoPaths(PARTS)
    async with serving(provider.app) as url:
        client = qwen(url, "qwen-plus", temperature=0.2, seed=7)
        await client.complete(MESSAGES)
        await client.close()
    text, parts = provider.bodies
    assert text["input"]["messages"] == MESSAGES
    assert [message["content"] for message in parts["input"]["messages"]] == [
        [{"text": message["content"]}] for message in MESSAGES
    ]
    for body in provider.bodies:
        assert body["model"] == "qwen-plus"
        assert (
            body["parameters"].items()
            >= {
                "result_format": "message",
                "max_tokens": 500,
                "temperature": 0.2,
                "seed": 7,
                "enable_thinking": False,
                "response_format": {"type": "json_object"},
            }.items()
        )


async def test_thinking_has_a_budget_of_its_own_and_no_json_mode() -> None:
    provider = TwoPaths(PARTS)
    async with serving(provider.app) as url:
        client = qwen(url, "qwen3.8-max", thinking="on", thinking_budget=700)
        await client.complete(MESSAGES)
        await client.close()
    [body] = provider.bodies
    assert body["parameters"].items() >= {"max_tokens": 500, "enable_thinking": True, "thinking_budget": 700}.items()
    assert "response_format" not in body["parameters"]


@pytest.fixture
async def stand_ins() -> AsyncIterator[str]:
    async with serving(create_models_app()) as url:
        yield url


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3.8-max", "qwen3.8-flash"])
async def test_the_stand_in_serves_each_model_on_its_path(stand_ins: str, model: str) -> None:
    client = qwen(stand_ins, model)
    answer = await client.complete(MESSAGES)
    await client.close()
    assert parse_answer(answer.text, ROSTER.coins).decision.reasoning.startswith("stand-in: ")


async def test_a_refused_key_names_the_regions(stand_ins: str) -> None:
    client = qwen(stand_ins, "error-401")
    with pytest.raises(CallFailed, match=r"QWEN_API_KEY.*DASHSCOPE_HTTP_BASE_URL.*Beijing, Singapore, US") as caught:
        await client.complete(MESSAGES)
    await client.close()
    assert not caught.value.retryable
