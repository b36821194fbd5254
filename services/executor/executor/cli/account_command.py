"""What the commands share: whose account, how it is reached, and how a refusal is reported."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, NoReturn

import typer
from pydantic import SecretStr

from common.runtime.clock import SystemClock
from common.runtime.roster import load_roster
from common.runtime.settings import load_settings
from common.trading.request_weight import GIVEN_PER_MINUTE
from common.trading.roster import Roster
from executor.config import ExecutorSettings, with_contenders
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import ExchangeUnavailable, UnknownOutcome, UnusableEnvironment
from executor.exchange.rate_limit import RequestRateLimiter

EXIT_REFUSED: Final = 1

ModelOption = Annotated[str, typer.Option("--model", help="Whose account, by contender id.")]


class CommandSettings(ExecutorSettings):
    """The executor's own variables; those that a command doesn't use may be missing."""

    metrics_port: int = 0
    database_url: SecretStr = SecretStr("")


def refuse(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(EXIT_REFUSED)


def check_contender(model: str | None, roster: Roster) -> None:
    """Refuses an id that the roster doesn't have."""
    if model is not None and model not in roster.ids:
        refuse(f"--model: there is no contender {model!r}; there are {', '.join(roster.ids)}")


def load_command_settings() -> CommandSettings:
    return load_settings("aicoin", with_contenders(CommandSettings, load_roster("aicoin")))


def open_exchange(settings: ExecutorSettings, model: str) -> ExchangeClient:
    """The client of one contender's account."""
    try:
        return ExchangeClient(
            key=settings.key_of(model),
            address=settings.address_of(model),
            coins=settings.coins,
            config=settings.exchange_config(),
            rate_limiter=RequestRateLimiter(GIVEN_PER_MINUTE, start_minutes=1),
            clock=SystemClock(),
        )
    except UnusableEnvironment as error:
        refuse(str(error))


def run_on_account(model: str, work: Callable[[ExchangeClient, CommandSettings], Awaitable[None]]) -> None:
    """Runs one command on one account; an exchange that doesn't answer is reported in one line."""
    check_contender(model, load_roster("aicoin"))
    settings = load_command_settings()
    exchange = open_exchange(settings, model)

    async def run() -> None:
        await exchange.load_universe()
        await exchange.read_mode()
        await exchange.read_clock()
        await work(exchange, settings)

    try:
        asyncio.run(run())
    except ExchangeUnavailable as error:
        refuse(f"HYPERLIQUID_API_URL: {settings.api_url} does not answer: {error}")
    except UnknownOutcome as error:
        refuse(f"the outcome is unknown; see `orders` and `order-status` before trying again: {error}")
    finally:
        exchange.close()
