"""One trading session by freqtrade's own package against the URL given: prints what it saw as one JSON object.

Opt-in: run by an interpreter that has freqtrade (tests/contract/clients/README.md). The bot runs as `freqtrade trade`
does, with a strategy that opens both pairs at the market and closes each after a while, and stops on the exchange.
"""

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

PAIRS = ["BTC/USDC:USDC", "ETH/USDC:USDC"]
LIMIT_S = 900
CLOSED_TRADES = 3
STRATEGY = """
from datetime import datetime
from freqtrade.strategy import IStrategy


class Session(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    can_short = True
    minimal_roi = {}
    stoploss = -0.2
    startup_candle_count = 200
    order_types = {"entry": "market", "exit": "market", "stoploss": "limit", "stoploss_on_exchange": True}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long" if metadata["pair"].startswith("BTC") else "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def leverage(self, *args, **kwargs):
        return 3.0

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        return "held long enough" if (current_time - trade.open_date_utc).total_seconds() > 20 else None
"""


def configuration(url: str, address: str, key: str) -> dict[str, Any]:
    ccxt = {"urls": {"api": {"public": url, "private": url, "ws": {"public": f"ws{url[4:]}/ws"}}}}
    return {
        "dry_run": False,
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "stake_currency": "USDC",
        "stake_amount": 500,
        "max_open_trades": 2,
        "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exchange": {
            "name": "hyperliquid",
            "walletAddress": address,
            "privateKey": key,
            "pair_whitelist": PAIRS,
            "ccxt_config": ccxt,
        },
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 5},
        "bot_name": "session",
        "initial_state": "running",
    }


def trades(database: Path) -> list[tuple[Any, ...]]:
    """(pair, is short, is open, profit, stops on the exchange) of each trade."""
    if not database.exists():
        return []
    query = (
        "SELECT pair, is_short, is_open, close_profit, "
        "(SELECT count(*) FROM orders WHERE ft_trade_id = trades.id AND ft_order_side = 'stoploss') FROM trades"
    )
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def session(url: str, address: str, key: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "session.py").write_text(STRATEGY, encoding="utf-8")
        (folder / "config.json").write_text(json.dumps(configuration(url, address, key)), encoding="utf-8")
        database, log = folder / "trades.sqlite", folder / "freqtrade.log"
        command = [sys.executable, "-m", "freqtrade", "trade", "--config", str(folder / "config.json")]
        command += ["--strategy", "Session", "--strategy-path", name, "--userdir", name]
        with log.open("wb") as output:
            bot = subprocess.Popen([*command, "--db-url", f"sqlite:///{database}"], stdout=output, stderr=output)
        deadline = time.monotonic() + LIMIT_S
        while bot.poll() is None and time.monotonic() < deadline:
            if sum(not row[2] for row in trades(database)) >= CLOSED_TRADES:
                break
            time.sleep(1)
        bot.terminate()
        bot.wait()
        found, text = trades(database), log.read_text(encoding="utf-8")
    warnings = Counter(re.findall(r" - (?:WARNING|ERROR) - (.{0,160})", text))
    return {
        "version": version("freqtrade"),
        "ccxt": version("ccxt"),
        "opened": len(found),
        "closed": sum(not row[2] for row in found),
        "sides": sorted({"short" if row[1] else "long" for row in found}),
        "stops_on_exchange": sum(row[4] for row in found),
        "warnings": warnings,
        "exceptions": Counter(re.findall(r"^((?:ccxt|freqtrade)\.\S+: .{0,200})", text, re.MULTILINE)),
        "end": "" if found else text[-3000:],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(session(*sys.argv[1:4])) + "\n")
