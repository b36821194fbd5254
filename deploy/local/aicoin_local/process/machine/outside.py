"""What an arena needs of the outside: the exchange and its clock, and the models' endpoints."""

import importlib
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from aicoin_local.configuration.catalog import service_specs
from aicoin_local.process.machine.findings import Finding, good, problem, warning
from aicoin_local.settings import LocalSettings
from common.agent.providers.pricing import UnknownPrice
from common.agent.settings import agent_settings, endpoint
from common.trading.roster import Contender, Roster
from executor.domain.variables import API_URLS

TIMEOUT_S = 8.0
CLOCK_LIMIT_MS = 2_000
"""Beyond it the executor reports CLOCK_SKEW."""
PUBLIC_FEED = API_URLS["mainnet"]


def outside_findings(settings: LocalSettings, given: Mapping[str, str], roster: Roster) -> Iterator[Finding]:
    """The exchange first, then each contender's model."""
    with httpx.Client(timeout=TIMEOUT_S) as client:
        yield from _exchange(settings, given, client)
        for contender in roster.contenders:
            yield _model(contender, given, roster, client)


def _exchange(settings: LocalSettings, given: Mapping[str, str], client: httpx.Client) -> Iterator[Finding]:
    is_paper = settings.hyperliquid_env == "paper"
    own = given.get("SIMULATOR_UPSTREAM_URL") if is_paper else given.get("HYPERLIQUID_API_URL")
    url = own or (PUBLIC_FEED if is_paper else API_URLS[settings.hyperliquid_env])
    try:
        time_ms = _exchange_time(client, url)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        text = f"{url} does not answer: {_reason(error)}"
        if is_paper:
            yield warning("exchange", text, "nothing, if a synthetic market will do; HTTPS_PROXY names a proxy")
        else:
            yield problem("exchange", text, "check the network, HTTPS_PROXY and HYPERLIQUID_API_URL")
        return
    yield good("exchange", f"{url} answers")
    text = f"{abs(time_ms) / 1000:.2f} s {'behind' if time_ms > 0 else 'ahead of'} the exchange's"
    if abs(time_ms) > CLOCK_LIMIT_MS:
        yield warning("clock", text, "set it by NTP: timedatectl set-ntp true")
    else:
        yield good("clock", text)


def _exchange_time(client: httpx.Client, url: str) -> float:
    """How far the exchange's clock is ahead of this machine's, ms, to half of the answer's way."""
    client.post(f"{url}/info", json={"type": "exchangeStatus"}).raise_for_status()  # Opens the connection.
    sent_ms = time.time() * 1000
    answer = client.post(f"{url}/info", json={"type": "exchangeStatus"}).raise_for_status().json()
    return float(answer["time"]) - (sent_ms + time.time() * 1000) / 2


def _model(contender: Contender, given: Mapping[str, str], roster: Roster, client: httpx.Client) -> Finding:
    package = next(spec.package for spec in service_specs(roster) if spec.name == contender.agent)
    profile = importlib.import_module(f"{package}.config").PROFILE
    fields = agent_settings(contender, profile)
    values: dict[str, Any] = {name: given[name.upper()] for name in fields.model_fields if name.upper() in given}
    try:
        asked = endpoint(fields(**values | {"metrics_port": 0}), contender, profile)
    except (ValidationError, UnknownPrice) as error:
        is_price = isinstance(error, UnknownPrice)
        return problem(contender.id, str(error) if is_price else "its settings are refused", "see .env.example")
    host = urlsplit(asked.base_url).hostname
    if asked.stand_in:
        return good(contender.id, "no key: a labeled stand-in answers")
    try:
        client.get(asked.base_url)
    except httpx.HTTPError as error:
        remedy = f"check the network, HTTPS_PROXY and the address in {contender.id.upper()}'s settings"
        return problem(contender.id, f"{host} does not answer: {_reason(error)}", remedy)
    return good(contender.id, f"{host} can be reached; its agent asks about key and model at start")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
