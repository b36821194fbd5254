"""Answers over HTTP, each within one deadline and one length."""

import asyncio
from typing import Any, Final

import httpx

from common.runtime.outside.proxies import is_local

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024


def open_http_client(url: str) -> httpx.AsyncClient:
    """A client for one server. Raises what httpx raises for a proxy that it can't use; see `proxy_problem`."""
    return httpx.AsyncClient(trust_env=not is_local(url))


async def fetch(
    client: httpx.AsyncClient, url: str, *, limit_s: float, json: Any = None, max_bytes: int = MAX_ANSWER_BYTES
) -> bytes:
    """The body of a successful answer: to a GET, or with `json` to a POST.

    httpx bounds each read, so that an answer of one byte a second would last for as long as it likes; here the request
    has one deadline. Raises httpx.HTTPError in every case of failure.
    """
    try:
        async with (
            asyncio.timeout(limit_s),
            client.stream("GET" if json is None else "POST", url, json=json, timeout=limit_s) as answer,
        ):
            answer.raise_for_status()
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > max_bytes:
                    raise httpx.ReadError(f"the answer has more than {max_bytes} bytes", request=answer.request)
            return bytes(content)
    except TimeoutError as error:
        raise httpx.ReadTimeout(f"no whole answer within {limit_s:g} s") from error
