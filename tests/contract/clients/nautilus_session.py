"""One trading session by nautilus_trader's own package against the URL given: prints what it saw as one JSON object.

Opt-in: run by an interpreter that has nautilus_trader (tests/contract/clients/README.md). A live trading node with its
data and execution clients runs a strategy: a market entry, a stop on the exchange, a limit order that is modified and
canceled, a market exit. The package has no setting for the exchange's HTTP address; `tls_tunnel.py` leads it here.
"""

import json
import os
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIMIT_S = 300
INSTRUMENT = "ETH-USD-PERP.HYPERLIQUID"

if "SESSION_PROXY" not in os.environ:  # Read by the package when it is imported: the session is the second process.
    from tls_tunnel import Tunnel

    with tempfile.TemporaryDirectory() as folder:
        tunnel = Tunnel(sys.argv[1], Path(folder))
        environment = os.environ | {"SSL_CERT_FILE": str(tunnel.certificates), "SESSION_PROXY": tunnel.proxy_url}
        raise SystemExit(os.spawnve(os.P_WAIT, sys.executable, [sys.executable, *sys.argv], environment))

from nautilus_trader.adapters.hyperliquid import (  # noqa: E402
    HYPERLIQUID,
    HyperliquidDataClientConfig,
    HyperliquidExecClientConfig,
    HyperliquidLiveDataClientFactory,
    HyperliquidLiveExecClientFactory,
    HyperliquidProductType,
)
from nautilus_trader.config import (  # noqa: E402
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    StrategyConfig,
    TradingNodeConfig,
)
from nautilus_trader.core.nautilus_pyo3 import HyperliquidEnvironment  # noqa: E402
from nautilus_trader.live.node import TradingNode  # noqa: E402
from nautilus_trader.model.data import BarType  # noqa: E402
from nautilus_trader.model.enums import (  # noqa: E402
    OrderSide,
    OrderType,
    TimeInForce,
    order_side_to_str,
    order_type_to_str,
)
from nautilus_trader.model.identifiers import InstrumentId  # noqa: E402
from nautilus_trader.trading.strategy import Strategy  # noqa: E402


class Session(Strategy):
    """Goes through the session's steps, each begun by an event of the one before."""

    def __init__(self, seen: dict[str, Any], finish: Any) -> None:
        super().__init__(StrategyConfig(order_id_tag="001"))
        self.seen, self.end = seen, finish
        self.traded = InstrumentId.from_str(INSTRUMENT)
        self.protection: Any = None
        self.resting: Any = None
        self.is_begun = False

    def on_start(self) -> None:
        self.instrument = self.cache.instrument(self.traded)
        self.subscribe_quote_ticks(self.traded)
        self.subscribe_trade_ticks(self.traded)
        self.subscribe_bars(BarType.from_str(f"{INSTRUMENT}-1-MINUTE-LAST-EXTERNAL"))

    def on_quote_tick(self, tick: Any) -> None:
        self.seen["quotes"] = self.seen.get("quotes", 0) + 1
        if not self.is_begun:
            self.is_begun = True
            self.mid = (float(tick.bid_price) + float(tick.ask_price)) / 2
            self.submit_order(self.order_factory.market(self.traded, OrderSide.BUY, self.size("0.05")))

    def on_trade_tick(self, tick: Any) -> None:
        self.seen["trades"] = self.seen.get("trades", 0) + 1

    def size(self, text: str) -> Any:
        return self.instrument.make_qty(float(text))

    def price(self, factor: float) -> Any:
        return self.instrument.make_price(self.mid * factor)

    def on_order_filled(self, event: Any) -> None:
        self.seen.setdefault("fills", []).append([order_side_to_str(event.order_side), str(event.last_qty)])
        if event.order_side == OrderSide.BUY:
            self.protection = self.order_factory.stop_market(
                self.traded, OrderSide.SELL, self.size("0.05"), trigger_price=self.price(0.95), reduce_only=True
            )
            self.submit_order(self.protection)
        else:
            self.end()

    def on_order_accepted(self, event: Any) -> None:
        order = self.cache.order(event.client_order_id)
        self.seen.setdefault("accepted", []).append(order_type_to_str(order.order_type))
        if order.order_type == OrderType.STOP_MARKET:
            self.resting = self.order_factory.limit(
                self.traded, OrderSide.BUY, self.size("0.05"), self.price(0.9), time_in_force=TimeInForce.GTC
            )
            self.submit_order(self.resting)
        elif order.order_type == OrderType.LIMIT and "updated" not in self.seen:
            self.modify_order(order, price=self.price(0.91))

    def on_order_updated(self, event: Any) -> None:
        if "updated" not in self.seen:
            self.seen["updated"] = True
            self.cancel_order(self.cache.order(event.client_order_id))

    def on_order_canceled(self, event: Any) -> None:
        self.seen.setdefault("canceled", []).append(
            order_type_to_str(self.cache.order(event.client_order_id).order_type)
        )
        if event.client_order_id == self.resting.client_order_id:
            self.cancel_order(self.protection)
        else:
            self.close_all_positions(self.traded)

    def on_order_rejected(self, event: Any) -> None:
        self.seen.setdefault("rejected", []).append(event.reason)
        self.end()

    def on_order_modify_rejected(self, event: Any) -> None:
        self.seen.setdefault("rejected", []).append(event.reason)
        self.end()

    def on_position_closed(self, event: Any) -> None:
        self.seen["position_closed"] = True


def node_of(url: str, key: str) -> TradingNode:
    """A node whose clients ask through the tunnel."""
    shared = {
        "environment": HyperliquidEnvironment.TESTNET,
        "product_types": (HyperliquidProductType.PERP,),
        "instrument_provider": InstrumentProviderConfig(load_all=True),
        "base_url_ws": f"ws{url[4:]}/ws",
        "proxy_url": os.environ["SESSION_PROXY"],
    }
    config = TradingNodeConfig(
        trader_id="SESSION-001",
        logging=LoggingConfig(log_level="INFO", log_colors=False),
        exec_engine=LiveExecEngineConfig(reconciliation=True),
        data_clients={HYPERLIQUID: HyperliquidDataClientConfig(**shared)},
        exec_clients={HYPERLIQUID: HyperliquidExecClientConfig(private_key=key, **shared)},
        timeout_connection=60.0,
        timeout_disconnection=10.0,
        timeout_post_stop=2.0,
    )
    return TradingNode(config=config)


def session(url: str, address: str, key: str) -> dict[str, Any]:
    seen: dict[str, Any] = {"version": version("nautilus_trader")}
    node = node_of(url, key)
    loop = node.get_event_loop()

    def finish() -> None:
        loop.call_later(3, node.stop)

    node.trader.add_strategy(Session(seen, finish))
    node.add_data_client_factory(HYPERLIQUID, HyperliquidLiveDataClientFactory)
    node.add_exec_client_factory(HYPERLIQUID, HyperliquidLiveExecClientFactory)
    node.build()
    limit = threading.Timer(LIMIT_S, lambda: loop.call_soon_threadsafe(node.stop))
    limit.daemon = True
    limit.start()
    try:
        node.run()
    finally:
        seen["open_positions"] = len(node.cache.positions_open())
        seen["open_orders"] = len(node.cache.orders_open())
        node.dispose()
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(session(*sys.argv[1:4])) + "\n")
