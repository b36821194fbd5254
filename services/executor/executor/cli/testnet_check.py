"""`aicoin testnet-check`: a scripted session on testnet with the user's own keys, told step by step."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Annotated, Any

import typer

from common.runtime.clock import SystemClock
from common.runtime.settings import load_settings
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import OrderSide
from common.trading.symbols import MODELS
from executor.account.preflight import check_account
from executor.cli.account_command import CommandSettings, Model, refuse, venue_of
from executor.cli.kill_switch import Killer
from executor.domain.account import WireState
from executor.domain.bracket import CLOSE_SLIPPAGE, TRIGGER_SLIPPAGE, beyond
from executor.domain.cash_ledger import CENT
from executor.domain.order import OrderSpec
from executor.exchange.client import Venue
from executor.exchange.errors import UNREADABLE, UnknownOutcome, VenueAway
from executor.exchange.parse import fills_of, open_orders_of, placed_of, refusal_of, state_of

LEVERAGE = 2
NOTIONAL_USD = Decimal(40)
FAR = Decimal("0.6")
LOOKS = 20
LOOK_S = 0.5


class CheckFailed(Exception):
    """A step did not come out as it must."""


@dataclass(slots=True)
class Session:
    """One account's session. `began_ms` and `cash_usd` are from before the first order."""

    venue: Venue
    settings: CommandSettings
    model: str
    symbol: Symbol
    began_ms: int = 0
    cash_usd: Decimal = Decimal(0)
    size_coin: Decimal = Decimal(0)
    failures: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Every step in turn; the first that fails ends the session, but never without flattening."""
        if not await self._step("settings", self.preflight) or not await self._step("balances", self.balances):
            return
        steps = (
            ("leverage", self.leverage),
            ("bracket", self.bracket),
            ("partial close", self.partial_close),
            ("order and cancel", self.order_and_cancel),
        )
        for name, step in steps:
            if not await self._step(name, step):
                break
        await self._step("flatten", self.flatten)
        await self._step("reconcile", self.reconcile)

    async def _step(self, name: str, step: Callable[[], Awaitable[str]]) -> bool:
        try:
            said = await step()
        except (CheckFailed, VenueAway, UnknownOutcome, *UNREADABLE) as error:
            typer.echo(f"{self.model:<9} FAILED  {name}: {error}")
            self.failures.append(name)
            return False
        typer.echo(f"{self.model:<9} ok      {name}: {said}")
        return True

    async def preflight(self) -> str:
        await self.venue.open()
        found = await check_account(self.venue, self.settings, self.model)
        if found.problems:
            raise CheckFailed("; ".join(found.problems))
        return "; ".join(found.warnings) or f"{self.venue.wallet_address} is the account's API wallet"

    async def balances(self) -> str:
        state = await self._state()
        if state.positions or state.foreign or await self.venue.open_orders():
            raise CheckFailed("the account holds positions or orders; the check needs an empty one")
        self.began_ms, self.cash_usd = state.time_ms, state.cash_usd
        return f"{state.equity_usd:,.2f} USD, {state.withdrawable_usd:,.2f} of it free"

    async def leverage(self) -> str:
        refusal = refusal_of(await self._send(self.venue.prepare_leverage(self.symbol, LEVERAGE).body))
        if refusal is not None:
            raise CheckFailed(refusal)
        confirmed = await self.venue.leverage_of(self.symbol)
        if confirmed != (LEVERAGE, True):
            raise CheckFailed(f"the exchange has {confirmed} set")
        return f"{LEVERAGE}x isolated on {self.symbol}, read back"

    async def bracket(self) -> str:
        mid = Decimal((await self.venue.mids())[self.symbol.value])
        instrument = INSTRUMENTS[self.symbol]
        size = (NOTIONAL_USD / mid).quantize(instrument.size_step_coin, rounding=ROUND_UP)
        stop, target = instrument.round_price(mid * Decimal("0.95")), instrument.round_price(mid * Decimal("1.1"))
        specs = [
            self._order(is_buy=True, size=size, price=beyond(self.symbol, mid, True, CLOSE_SLIPPAGE)),
            self._trigger(size, stop, "sl"),
            self._trigger(size, target, "tp"),
        ]
        placed = placed_of(await self._send(self.venue.prepare_orders(specs, "normalTpsl").body), len(specs))
        if any(each.error for each in placed):
            raise CheckFailed("; ".join(each.error for each in placed if each.error))
        self.size_coin = await self._held(placed[0].filled_size_coin)
        triggers = {order.trigger_price for order in open_orders_of(await self.venue.open_orders(), {})}
        if not {stop, target} <= triggers:
            raise CheckFailed(f"stop {stop} and target {target} are not both there: {triggers}")
        return f"{self.size_coin} bought at {placed[0].average_price}, stop {stop} and target {target} read back"

    async def partial_close(self) -> str:
        step = INSTRUMENTS[self.symbol].size_step_coin
        size = (self.size_coin / 2).quantize(step, rounding=ROUND_UP)
        mid = Decimal((await self.venue.mids())[self.symbol.value])
        price = beyond(self.symbol, mid, False, CLOSE_SLIPPAGE)
        spec = self._order(is_buy=False, size=size, price=price, reduce_only=True)
        placed = placed_of(await self._send(self.venue.prepare_orders([spec], "na").body), 1)[0]
        if placed.error is not None:
            raise CheckFailed(placed.error)
        self.size_coin = await self._held(self.size_coin - size)
        return f"{size} sold at {placed.average_price}, {self.size_coin} left"

    async def order_and_cancel(self) -> str:
        mid = Decimal((await self.venue.mids())[self.symbol.value])
        instrument = INSTRUMENTS[self.symbol]
        size = (NOTIONAL_USD / (mid * FAR)).quantize(instrument.size_step_coin, rounding=ROUND_UP)
        spec = self._order(is_buy=True, size=size, price=instrument.round_price(mid * FAR), tif="Gtc")
        placed = placed_of(await self._send(self.venue.prepare_orders([spec], "na").body), 1)[0]
        if placed.error is not None or placed.order_id is None or placed.status != "resting":
            raise CheckFailed(placed.error or f"the order is {placed.status}")
        answer = await self._send(self.venue.prepare_cancel(self.symbol, [placed.order_id]).body)
        if refusal_of(answer) is not None or answer["response"]["data"]["statuses"] != ["success"]:
            raise CheckFailed(str(answer))
        if any(order.order_id == placed.order_id for order in open_orders_of(await self.venue.open_orders(), {})):
            raise CheckFailed("the order is still open")
        return f"order {placed.order_id} rested at {spec.price} and was cancelled"

    async def flatten(self) -> str:
        if not await Killer(self.venue, SystemClock(), lambda _: None).run():
            raise CheckFailed("the account still is in the market; close it by hand or with `aicoin kill-switch`")
        return "no position, no resting entry, no stop is left"

    async def reconcile(self) -> str:
        """Cash must have moved by exactly what the fills say; funding within the session shows as a difference."""
        fills = [f for f in fills_of(await self.venue.fills_since(self.began_ms)) if f.time_ms > self.began_ms]
        state = await self._state()
        explained = sum((fill.closed_pnl_usd - fill.fee_usd for fill in fills), Decimal(0))
        residual = state.cash_usd - self.cash_usd - explained
        bought = sum((fill.size_coin for fill in fills if fill.side is OrderSide.BUY), Decimal(0))
        sold = sum((fill.size_coin for fill in fills if fill.side is OrderSide.SELL), Decimal(0))
        if abs(residual) > CENT or bought != sold:
            raise CheckFailed(f"{residual} USD unexplained, {bought} bought, {sold} sold")
        return f"{len(fills)} fills explain {explained:+.4f} USD to the cent"

    # What the steps share.

    async def _state(self) -> WireState:
        return state_of(await self.venue.state())

    async def _send(self, body: bytes) -> Any:
        return await self.venue.send(body)

    async def _held(self, expected: Decimal) -> Decimal:
        """The size held, once the exchange shows it."""
        held = Decimal(0)
        for _ in range(LOOKS):
            held = sum((p.size_coin for p in (await self._state()).positions if p.symbol is self.symbol), Decimal(0))
            if held == expected:
                return held
            await asyncio.sleep(LOOK_S)
        raise CheckFailed(f"the position is {held}, not {expected}")

    def _order(
        self, *, is_buy: bool, size: Decimal, price: Decimal, reduce_only: bool = False, tif: str = "Ioc"
    ) -> OrderSpec:
        return OrderSpec(self.symbol, is_buy, size, price, f"0x{uuid.uuid4().hex}", reduce_only, tif=tif)

    def _trigger(self, size: Decimal, price: Decimal, kind: str) -> OrderSpec:
        worst = beyond(self.symbol, price, False, TRIGGER_SLIPPAGE)
        return OrderSpec(self.symbol, False, size, worst, f"0x{uuid.uuid4().hex}", True, price, kind)


def check_testnet(
    model: Annotated[Model | None, typer.Option("--model", help="Whose account; all when left out.")] = None,
    symbol: Annotated[Symbol, typer.Option(help="On which coin.")] = Symbol.ETH,
) -> None:
    """Trades about 40 USD on testnet with your keys: leverage, bracket, partial close, cancel, flatten, reconcile."""
    settings = load_settings("aicoin", CommandSettings)
    if settings.hyperliquid_env != "testnet":
        refuse(f"HYPERLIQUID_ENV: is {settings.hyperliquid_env}; the check trades on testnet only, set it to testnet")
    failures = asyncio.run(_check(settings, [model.value] if model else list(MODELS), symbol))
    typer.echo(f"FAILED: {', '.join(failures)}" if failures else "All steps passed.")
    if failures:
        raise typer.Exit(1)


async def _check(settings: CommandSettings, models: list[str], symbol: Symbol) -> list[str]:
    failures = []
    for model in models:
        venue = venue_of(settings, model)
        session = Session(venue, settings, model, symbol)
        await session.run()
        failures += [f"{model} {name}" for name in session.failures]
        venue.close()
    return failures
