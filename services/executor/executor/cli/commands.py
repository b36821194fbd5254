"""Commands for one contender's account, straight at the exchange: they need neither Redis nor PostgreSQL."""

import os
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from common.trading.instruments import INSTRUMENTS, Symbol
from executor.cli.account_command import CommandSettings, ModelOption, refuse, run_on_account
from executor.cli.arm_mainnet import arm_mainnet
from executor.cli.kill_command import kill_switch, resume
from executor.cli.testnet_check import check_testnet
from executor.domain.account import Position
from executor.domain.bracket import CLOSE_SLIPPAGE, slipped_price
from executor.domain.order import OrderSpec
from executor.exchange.client import ExchangeClient
from executor.exchange.parse import parse_action_error, parse_order_side, parse_placements
from executor.storage.halts import HaltFiles

app = typer.Typer(help="One contender's account on Hyperliquid.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command("kill-switch")(kill_switch)
app.command("resume")(resume)
app.command("testnet-check")(check_testnet)
app.command("arm-mainnet")(arm_mainnet)


class Direction(StrEnum):
    BUY = "buy"
    SELL = "sell"


class TimeInForce(StrEnum):
    GTC = "Gtc"
    IOC = "Ioc"
    ALO = "Alo"


@app.command()
def account(model: ModelOption) -> None:
    """Balance, margin and unrealized profit."""

    async def show(exchange: ExchangeClient, _: CommandSettings) -> None:
        state = await exchange.whole_state()
        used = state.margin_used_usd / state.equity_usd * 100 if state.equity_usd else Decimal(0)
        typer.echo(f"account            {exchange.address}")
        typer.echo(f"mode               {exchange.mode}")
        typer.echo(f"equity             {state.equity_usd:,.2f} USD")
        typer.echo(f"withdrawable       {state.available_balance_usd:,.2f} USD")
        typer.echo(f"margin used        {state.margin_used_usd:,.2f} USD ({used:.1f} % of equity)")
        typer.echo(f"maintenance margin {state.maintenance_margin_usd:,.2f} USD")
        typer.echo(f"unrealized         {state.unrealized_pnl_usd:,.2f} USD")
        typer.echo(f"open notional      {state.total_notional_usd:,.2f} USD")

    run_on_account(model, show)


@app.command()
def positions(model: ModelOption) -> None:
    """Open positions."""

    async def show(exchange: ExchangeClient, _: CommandSettings) -> None:
        found = (await exchange.account_state()).positions
        for position in found:
            typer.echo(_position_line(position))
        if not found:
            typer.echo("no open positions")

    run_on_account(model, show)


def _position_line(position: Position) -> str:
    mode = "isolated" if position.is_isolated else "cross"
    liquidation = "never" if position.liquidation_price is None else f"{position.liquidation_price:.6g}"
    return (
        f"{position.symbol:<5}{position.side:<6}{position.size_coin} at {position.entry_price}, "
        f"mark {position.mark_price:.6g}, {position.leverage}x {mode}, liquidation {liquidation}, "
        f"unrealized {position.unrealized_pnl_usd:+,.2f} USD"
    )


@app.command()
def orders(model: ModelOption) -> None:
    """Open orders, triggers included."""

    async def show(exchange: ExchangeClient, _: CommandSettings) -> None:
        found = (await exchange.open_orders({})).orders
        for order in found:
            trigger = "" if order.trigger_price is None else f", triggered at {order.trigger_price}"
            reducing = ", reduce-only" if order.reduce_only else ""
            line = f"{order.order_id}  {order.symbol:<5}{order.side:<5}{order.size_coin} at {order.price}"
            typer.echo(line + trigger + reducing)
        if not found:
            typer.echo("no open orders")

    run_on_account(model, show)


@app.command()
def history(model: ModelOption, lines: Annotated[int, typer.Option(help="How many.")] = 20) -> None:
    """The latest orders and what became of them, newest first."""

    async def show(exchange: ExchangeClient, _: CommandSettings) -> None:
        found = (await exchange.order_history_rows())[:lines]
        for row in found:
            order = row["order"]
            side = parse_order_side(order["side"])
            when = datetime.fromtimestamp(row["statusTimestamp"] / 1000, UTC).isoformat(timespec="seconds")
            kind = f"{order['orderType']}, {order['origSz']} at {order['limitPx']}"
            typer.echo(f"{when}  {order['oid']}  {order['coin']:<5}{side:<5}{kind}, {row['status']}")
        if not found:
            typer.echo("no orders yet")

    run_on_account(model, show)


@app.command()
def margin(model: ModelOption) -> None:
    """How much margin each position ties up, and how far its liquidation is."""

    async def show(exchange: ExchangeClient, _: CommandSettings) -> None:
        state = await exchange.whole_state()
        used = state.margin_used_usd / state.equity_usd * 100 if state.equity_usd else Decimal(0)
        typer.echo(f"used {state.margin_used_usd:,.2f} of {state.equity_usd:,.2f} USD ({used:.1f} %)")
        for position in state.positions:
            share = position.margin_used_usd / state.equity_usd * 100
            distance = "no liquidation"
            if position.liquidation_price is not None:
                away = abs(position.liquidation_price / position.mark_price - 1) * 100
                distance = f"liquidation {away:.1f} % away"
            line = f"{position.symbol:<5}{position.side:<6}{position.margin_used_usd:,.2f} USD ({share:.1f} %)"
            typer.echo(f"{line}, {position.leverage}x, {distance}")

    run_on_account(model, show)


@app.command("order-status")
def order_status(order: str, model: ModelOption) -> None:
    """What became of an order; ORDER is its id or its client order id."""

    async def show(exchange: ExchangeClient, _: CommandSettings) -> None:
        state = await exchange.order_status(order if order.startswith("0x") else int(order))
        if state is None:
            refuse("the exchange does not know this order")
        sizes = f"{state.filled_size_coin} of {state.original_size_coin} filled"
        typer.echo(f"{state.order_id}  {state.status}, {sizes}")

    run_on_account(model, show)


@app.command()
def order(
    symbol: Symbol,
    direction: Direction,
    size_coin: str,
    model: ModelOption,
    limit: Annotated[str | None, typer.Option(help="Limit price; without one, the market within 3 %.")] = None,
    tif: Annotated[TimeInForce, typer.Option(help="Of a limit order.")] = TimeInForce.GTC,
    reduce_only: Annotated[bool, typer.Option("--reduce-only", help="Never opens or turns a position.")] = False,
) -> None:
    """Places one order by hand. A position opened so has no stop, and the model is paused while it lasts."""

    async def place(exchange: ExchangeClient, settings: CommandSettings) -> None:
        is_buy = direction is Direction.BUY
        mid = Decimal((await exchange.mid_prices())[symbol.value])
        price = Decimal(limit) if limit else slipped_price(symbol, mid, is_buy=is_buy, fraction=CLOSE_SLIPPAGE)
        size = INSTRUMENTS[symbol].round_size(Decimal(size_coin))
        if not reduce_only:
            _check_entry(settings, model, size * price)
        spec = OrderSpec(
            symbol=symbol,
            is_buy=is_buy,
            size_coin=size,
            price=INSTRUMENTS[symbol].round_price(price, "down" if is_buy else "up"),
            client_order_id=f"0x{uuid.uuid4().hex}",
            reduce_only=reduce_only,
            tif=tif.value if limit else TimeInForce.IOC.value,
        )
        typer.echo(f"client order id {spec.client_order_id}")
        placement = parse_placements(await exchange.send(exchange.sign_orders([spec], "na").body), 1)[0]
        if placement.error is not None:
            refuse(placement.error)
        filled, average = placement.filled_size_coin, placement.average_price
        fill = "" if average is None else f", {filled} at {average}"
        typer.echo(f"{placement.order_id}  {placement.status}{fill}")

    run_on_account(model, place)


@app.command()
def cancel(symbol: Symbol, order_id: int, model: ModelOption) -> None:
    """Cancels one order."""

    async def send_cancel(exchange: ExchangeClient, _: CommandSettings) -> None:
        answer = await exchange.send(exchange.sign_cancels([(symbol.value, order_id)]).body)
        error = parse_action_error(answer)
        status = error or answer["response"]["data"]["statuses"][0]
        if status != "success":
            refuse(str(status["error"] if isinstance(status, dict) else status))
        typer.echo(f"{order_id}  cancelled")

    run_on_account(model, send_cancel)


def _check_entry(settings: CommandSettings, model: str, notional_usd: Decimal) -> None:
    if HaltFiles(settings.executor_data_dir).is_halted(model):
        refuse("trading is halted; only --reduce-only orders are taken until it is resumed")
    cap = settings.aicoin_mainnet_cap_usd
    if settings.hyperliquid_env == "mainnet" and (cap is None or notional_usd > cap):
        refuse(f"AICOIN_MAINNET_CAP_USD: {notional_usd:,.2f} USD is above the cap of {cap}")


if __name__ == "__main__":
    os.umask(0o077)
    app()
