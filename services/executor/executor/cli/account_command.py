"""What the commands share: whose account, how it is reached, and how a refusal is told."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, NoReturn

import typer
from pydantic import SecretStr

from common.runtime.clock import SystemClock
from common.runtime.settings import load_settings
from executor.config import ExecutorSettings
from executor.exchange.client import Door, Venue
from executor.exchange.errors import NoCertificates, UnknownOutcome, VenueAway
from executor.exchange.rate_limit import WeightBudget

EXIT_REFUSED = 1


class Model(StrEnum):
    DEEPSEEK = "deepseek"
    QWEN = "qwen"


ModelOption = Annotated[Model, typer.Option("--model", help="Whose account.")]


class CommandSettings(ExecutorSettings):
    """The executor's own variables; those that a command doesn't use may be missing."""

    metrics_port: int = 0
    database_url: SecretStr = SecretStr("")


def refuse(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(EXIT_REFUSED)


def venue_of(settings: ExecutorSettings, model: str) -> Venue:
    door = Door(settings.api_url, settings.exchange_timeout_s, round(settings.intent_life_s * 1000))
    budget = WeightBudget(settings.request_weight_per_minute)
    try:
        return Venue(settings.key_of(model), settings.address_of(model), door, budget, SystemClock())
    except NoCertificates as error:
        refuse(str(error))


def on_account(model: Model, work: Callable[[Venue, CommandSettings], Awaitable[None]]) -> None:
    """Runs one command on one account; the exchange's silence is told in one line."""
    settings = load_settings("aicoin", CommandSettings)
    venue = venue_of(settings, model)

    async def whole() -> None:
        await venue.open()
        await work(venue, settings)

    try:
        asyncio.run(whole())
    except VenueAway as error:
        refuse(f"HYPERLIQUID_API_URL: {settings.api_url} does not answer: {error}")
    except UnknownOutcome as error:
        refuse(f"the outcome is unknown; look with `orders` and `order-status` before trying again: {error}")
    finally:
        venue.close()
