"""`aicoin testnet-check`: a scripted session on testnet with the user's own keys, reported step by step."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Annotated, Any, Final

import typer

from common.runtime.clock import SystemClock
from common.runtime.roster import load_roster
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import OrderSide
from executor.account.preflight import check_account
from executor.cli.account_command import (
    CommandSettings,
    check_contender,
    load_command_settings,
    open_exchange,
    refuse,
)
from executor.cli.kill_switch import KillSwitch, Signer
from executor.cli.options import OptionalModel
from executor.domain.account import AccountState
from executor.domain.bracket import CLOSE_SLIPPAGE, TRIGGER_SLIPPAGE, slipped_price
from executor.domain.cash_ledger import CENT
from executor.domain.order import OrderSpec
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import UNREADABLE, ExchangeUnavailable, UnknownOutcome
from executor.exchange.parse import parse_action_error, parse_placements

LEVERAGE: Final = 2
NOTIONAL_USD: Final = Decimal(40)
FAR: Final = Decimal("0.6")
POLLS: Final = 20
POLL_S: Final = 0.5


class CheckFailed(Exception):
    """A step did not come out as it must."""


@dataclass(slots=True)
class Session:
    """One account's session. `began_ms` and `balance_usd` are from before the first order."""

    exchange: ExchangeClient
    settings: CommandSettings
    model: str
    symbol: Symbol
    began_ms: int = 0
    balance_usd: Decimal = Decimal(0)
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
            result = await step()
        except (CheckFailed, ExchangeUnavailable, UnknownOutcome, *UNREADABLE) as error:
            typer.echo(f"{self.model:<9} FAILED  {name}: {error}")
            self.failures.append(name)
            return False
        typer.echo(f"{self.model:<9} ok      {name}: {result}")
        return True

    async def preflight(self) -> str:
        await self.exchange.load_universe()
        found = await check_account(self.exchange, self.settings, self.model)
        if found.problems:
            raise CheckFailed("; ".join(found.problems))
        notes = [*found.coin_problems, *(text for _, text in found.warnings)]
        return "; ".join(notes) or f"{self.exchange.wallet_address} is the account's API wallet"

    async def balances(self) -> str:
        state = await self._state()
        if state.positions or state.external or await self.exchange.open_order_rows():
            raise CheckFailed("the account holds positions or orders; the check needs an empty one")
        self.began_ms, self.balance_usd = state.time_ms, state.balance_usd
        perp, spot = await self.exchange.account_state(), await self.exchange.spot_state_row()
        balances = {row["coin"]: row["total"] for row in spot["balances"]}
        return (
            f"mode {self.exchange.mode}: {state.equity_usd:,.2f} USD, {state.available_balance_usd:,.2f} of it free "
            f"(perpetuals {perp.equity_usd:,.2f}, spot USDC {balances.get('USDC', '0')})"
        )

    async def leverage(self) -> str:
        error = parse_action_error(await self._send(self.exchange.sign_leverage(self.symbol, LEVERAGE).body))
        if error is not None:
            raise CheckFailed(error)
        confirmed = await self.exchange.leverage_of(self.symbol)
        if confirmed != (LEVERAGE, True):
            raise CheckFailed(f"the exchange has {confirmed} set")
        return f"{LEVERAGE}x isolated on {self.symbol}, read back"

    async def bracket(self) -> str:
        mid = Decimal((await self.exchange.mid_prices())[self.symbol.value])
        instrument = INSTRUMENTS[self.symbol]
        size = (NOTIONAL_USD / mid).quantize(instrument.size_step_coin, rounding=ROUND_UP)
        stop, target = instrument.round_price(mid * Decimal("0.95")), instrument.round_price(mid * Decimal("1.1"))
        worst = slipped_price(self.symbol, mid, is_buy=True, fraction=CLOSE_SLIPPAGE)
        specs = [
            self._order(is_buy=True, size=size, price=worst),
            self._trigger(size, stop, "sl"),
            self._trigger(size, target, "tp"),
        ]
        placed = parse_placements(await self._send(self.exchange.sign_orders(specs, "normalTpsl").body), len(specs))
        if any(each.error for each in placed):
            raise CheckFailed("; ".join(each.error for each in placed if each.error))
        self.size_coin = await self._held(placed[0].filled_size_coin)
        triggers = {order.trigger_price for order in (await self.exchange.open_orders({})).orders}
        if not {stop, target} <= triggers:
            raise CheckFailed(f"stop {stop} and target {target} are not both there: {triggers}")
        return f"{self.size_coin} bought at {placed[0].average_price}, stop {stop} and target {target} read back"

    async def partial_close(self) -> str:
        step = INSTRUMENTS[self.symbol].size_step_coin
        size = (self.size_coin / 2).quantize(step, rounding=ROUND_UP)
        mid = Decimal((await self.exchange.mid_prices())[self.symbol.value])
        price = slipped_price(self.symbol, mid, is_buy=False, fraction=CLOSE_SLIPPAGE)
        spec = self._order(is_buy=False, size=size, price=price, reduce_only=True)
        placed = parse_placements(await self._send(self.exchange.sign_orders([spec], "na").body), 1)[0]
        if placed.error is not None:
            raise CheckFailed(placed.error)
        self.size_coin = await self._held(self.size_coin - size)
        return f"{size} sold at {placed.average_price}, {self.size_coin} left"

    async def order_and_cancel(self) -> str:
        mid = Decimal((await self.exchange.mid_prices())[self.symbol.value])
        instrument = INSTRUMENTS[self.symbol]
        size = (NOTIONAL_USD / (mid * FAR)).quantize(instrument.size_step_coin, rounding=ROUND_UP)
        spec = self._order(is_buy=True, size=size, price=instrument.round_price(mid * FAR), tif="Gtc")
        placed = parse_placements(await self._send(self.exchange.sign_orders([spec], "na").body), 1)[0]
        if placed.error is not None or placed.order_id is None or placed.status != "resting":
            raise CheckFailed(placed.error or f"the order is {placed.status}")
        answer = await self._send(self.exchange.sign_cancels([(self.symbol.value, placed.order_id)]).body)
        if parse_action_error(answer) is not None or answer["response"]["data"]["statuses"] != ["success"]:
            raise CheckFailed(str(answer))
        if any(order.order_id == placed.order_id for order in (await self.exchange.open_orders({})).orders):
            raise CheckFailed("the order is still open")
        return f"order {placed.order_id} rested at {spec.price} and was cancelled"

    async def flatten(self) -> str:
        if not await KillSwitch([Signer("", self.exchange)], SystemClock(), lambda _: None).run():
            raise CheckFailed("the account still is in the market; close it by hand or with `aicoin kill-switch`")
        return "no position, no resting entry, no stop is left"

    async def reconcile(self) -> str:
        """Cash must have moved by exactly the sum of the fills; funding within the session shows as a difference."""
        fills = [f for f in await self.exchange.fills_since(self.began_ms) if f.time_ms > self.began_ms]
        state = await self._state()
        explained = sum((fill.closed_pnl_usd - fill.fee_usd for fill in fills), Decimal(0))
        residual = state.balance_usd - self.balance_usd - explained
        bought = sum((fill.size_coin for fill in fills if fill.side is OrderSide.BUY), Decimal(0))
        sold = sum((fill.size_coin for fill in fills if fill.side is OrderSide.SELL), Decimal(0))
        if abs(residual) > CENT or bought != sold:
            raise CheckFailed(f"{residual} USD unexplained, {bought} bought, {sold} sold")
        return f"{len(fills)} fills explain {explained:+.4f} USD to the cent"

    # What the steps share.

    async def _state(self) -> AccountState:
        return await self.exchange.whole_state()

    async def _send(self, body: bytes) -> Any:
        return await self.exchange.send(body)

    async def _held(self, expected: Decimal) -> Decimal:
        """The size held, once the exchange shows it."""
        held = Decimal(0)
        for _ in range(POLLS):
            held = sum((p.size_coin for p in (await self._state()).positions if p.symbol is self.symbol), Decimal(0))
            if held == expected:
                return held
            await asyncio.sleep(POLL_S)
        raise CheckFailed(f"the position is {held}, not {expected}")

    def _order(
        self, *, is_buy: bool, size: Decimal, price: Decimal, reduce_only: bool = False, tif: str = "Ioc"
    ) -> OrderSpec:
        return OrderSpec(
            symbol=self.symbol,
            is_buy=is_buy,
            size_coin=size,
            price=price,
            client_order_id=f"0x{uuid.uuid4().hex}",
            reduce_only=reduce_only,
            tif=tif,
        )

    def _trigger(self, size: Decimal, price: Decimal, kind: str) -> OrderSpec:
        return OrderSpec(
            symbol=self.symbol,
            is_buy=False,
            size_coin=size,
            price=slipped_price(self.symbol, price, is_buy=False, fraction=TRIGGER_SLIPPAGE),
            client_order_id=f"0x{uuid.uuid4().hex}",
            reduce_only=True,
            trigger_price=price,
            kind=kind,
        )


def check_testnet(
    model: OptionalModel = None,
    symbol: Annotated[Symbol, typer.Option(help="On which coin.")] = Symbol.ETH,
) -> None:
    """Trades about 40 USD on testnet with your keys: leverage, bracket, partial close, cancel, flatten, reconcile."""
    check_contender(model, load_roster("aicoin"))
    settings = load_command_settings()
    if settings.hyperliquid_env != "testnet":
        refuse(f"HYPERLIQUID_ENV: is {settings.hyperliquid_env}; the check trades on testnet only, set it to testnet")
    failures = asyncio.run(_check(settings, [model] if model else list(settings.contenders), symbol))
    typer.echo(f"FAILED: {', '.join(failures)}" if failures else "All steps passed.")
    if failures:
        raise typer.Exit(1)


async def _check(settings: CommandSettings, models: list[str], symbol: Symbol) -> list[str]:
    failures = []
    for model in models:
        exchange = open_exchange(settings, model)
        session = Session(exchange, settings, model, symbol)
        await session.run()
        failures += [f"{model} {name}" for name in session.failures]
        exchange.close()
    return failures
