// One trading session by @nktkas/hyperliquid, unchanged, against the URL given: prints what it saw as one JSON object.

import { ExchangeClient, HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from "@nktkas/hyperliquid";
import { privateKeyToAccount } from "viem/accounts";

const [url, key] = process.argv.slice(2);
const wallet = privateKeyToAccount(key);
const user = wallet.address;
const limitMs = 60_000;
const transport = new HttpTransport({ apiUrl: url, isTestnet: false, timeout: limitMs });
const socket = new WebSocketTransport({ url: `ws${url.slice(4)}/ws`, isTestnet: false, timeout: limitMs });
const info = new InfoClient({ transport });
const exchange = new ExchangeClient({ transport, wallet });
const overSocket = new ExchangeClient({ transport: socket, wallet });
const subscriptions = new SubscriptionClient({ transport: socket });
const seen = {};

const heard = (subscribe) =>
  new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`nothing heard: ${subscribe}`)), limitMs).unref();
    subscribe(resolve).catch(reject);
  });

const meta = await info.meta();
const asset = (name) => meta.universe.findIndex((row) => row.name === name);
seen.assets = [asset("BTC"), asset("ETH"), asset("XRP")];
seen.balance = (await info.clearinghouseState({ user })).marginSummary.accountValue;
await exchange.updateLeverage({ asset: asset("SOL"), isCross: false, leverage: 4 });
seen.leverage = (await info.activeAssetData({ user, coin: "SOL" })).leverage;

const cloid = "0xaa00000000000000000000000000cafe";
const rest = (p) => ({ a: asset("BTC"), b: true, p, s: "0.001", r: false, t: { limit: { tif: "Gtc" } }, c: cloid });
const placed = await exchange.order({ orders: [rest("70000")], grouping: "na" });
const oid = placed.response.data.statuses[0].resting.oid;
const modified = await exchange.batchModify({ modifies: [{ oid, order: rest("71000") }] });
seen.modified = modified.response.data.statuses[0].resting.oid !== oid;
const status = await info.orderStatus({ user, oid: cloid });
seen.status = [status.status, status.order.order.limitPx];
await exchange.cancelByCloid({ cancels: [{ asset: asset("BTC"), cloid }] });
seen.open = (await info.openOrders({ user })).length;

const mark = Number((await info.metaAndAssetCtxs())[1][asset("SOL")].markPx);
const at = (factor) => (Math.round(mark * factor * 10) / 10).toString();
const trigger = (factor, tpsl) => ({
  a: asset("SOL"), b: false, p: at(factor * 0.9), s: "2", r: true,
  t: { trigger: { isMarket: true, triggerPx: at(factor), tpsl } },
});
const fills = heard((listener) => subscriptions.userFills({ user }, (data) => !data.isSnapshot && listener(data)));
const updates = heard((listener) => subscriptions.orderUpdates({ user }, listener));
const bracket = await overSocket.order({
  orders: [
    { a: asset("SOL"), b: true, p: at(1.02), s: "2", r: false, t: { limit: { tif: "Ioc" } } },
    trigger(0.95, "sl"),
    trigger(1.1, "tp"),
  ],
  grouping: "normalTpsl",
});
seen.bracket = bracket.response.data.statuses.map((row) => (typeof row === "string" ? row : Object.keys(row)[0]));
seen.filled = (await fills).fills.reduce((sum, fill) => sum + Number(fill.sz), 0);
seen.updates = (await updates).length > 0;
const state = await info.clearinghouseState({ user });
seen.position = [state.assetPositions[0].position.szi, state.assetPositions[0].position.leverage.type];
seen.triggers = (await info.frontendOpenOrders({ user })).map((row) => row.orderType).sort();
await exchange.updateIsolatedMargin({ asset: asset("SOL"), isBuy: true, ntli: 5_000_000 });
const close = { a: asset("SOL"), b: false, p: at(0.98), s: "2", r: true, t: { limit: { tif: "Ioc" } } };
await exchange.order({ orders: [close], grouping: "na" });
seen.flat = (await info.clearinghouseState({ user })).assetPositions.length;
seen.left = (await info.openOrders({ user })).length;
seen.fills = (await info.userFills({ user })).length >= 2;
seen.history = (await info.historicalOrders({ user })).length >= 5;

seen.refused = await exchange
  .order({ orders: [rest("70000.5")], grouping: "na" })
  .then(() => "accepted", (error) => error.message);
const agent = privateKeyToAccount(`0x${"cd".repeat(32)}`);
await exchange.approveAgent({ agentAddress: agent.address, agentName: "bot" });
seen.agents = (await info.extraAgents({ user })).map((row) => row.name);
await new ExchangeClient({ transport, wallet: agent }).updateLeverage({ asset: 0, isCross: true, leverage: 3 });
seen.agent_acted = (await info.activeAssetData({ user, coin: "BTC" })).leverage.value;
await exchange.usdSend({ destination: `0x${"12".repeat(20)}`, amount: "25" });
seen.sent = (await info.clearinghouseState({ user: `0x${"12".repeat(20)}` })).withdrawable;
seen.ledger = (await info.userNonFundingLedgerUpdates({ user })).map((row) => row.delta.type);
seen.fees = (await info.userFees({ user })).userCrossRate;
seen.role = (await info.userRole({ user: agent.address })).role;
seen.candles = (await info.candleSnapshot({ coin: "BTC", interval: "1h", startTime: Date.now() - 36e5 * 20 })).length;
seen.book = (await info.l2Book({ coin: "ETH", nSigFigs: 4 })).levels.map((side) => side.length > 0);
const btc = (await info.metaAndAssetCtxs())[1][asset("BTC")];
seen.funding = Math.abs(Number(btc.funding)) < 0.04;
seen.funding_history = Array.isArray(await info.fundingHistory({ coin: "BTC", startTime: Date.now() - 36e5 * 24 }));
seen.funding_paid = (await info.userFunding({ user })).every((row) => row.delta.type === "funding");
seen.streams = [];
for (const [name, subscribe] of Object.entries({
  allMids: (listener) => subscriptions.allMids(listener),
  l2Book: (listener) => subscriptions.l2Book({ coin: "BTC" }, listener),
  bbo: (listener) => subscriptions.bbo({ coin: "BTC" }, listener),
  trades: (listener) => subscriptions.trades({ coin: "BTC" }, listener),
  candle: (listener) => subscriptions.candle({ coin: "BTC", interval: "1m" }, listener),
  activeAssetCtx: (listener) => subscriptions.activeAssetCtx({ coin: "BTC" }, listener),
  clearinghouseState: (listener) => subscriptions.clearinghouseState({ user }, listener),
  openOrders: (listener) => subscriptions.openOrders({ user }, listener),
})) {
  await heard(subscribe);
  seen.streams.push(name);
}
await socket.close();
console.log(JSON.stringify(seen));
process.exit(0);
