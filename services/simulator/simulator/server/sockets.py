"""WebSocket connections: limits, subscriptions, posts. Source: Hyperliquid docs, Rate limits."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.exchange.world import World
from simulator.market.candles import MINUTE_MS
from simulator.server.faults import Faults
from simulator.server.listeners import pause_before_refusal, sender_of
from simulator.server.request_body import parse_json
from simulator.wire.streams.messages import first_messages
from simulator.wire.streams.subscriptions import InvalidSubscription, Key, compact, echoed, key_of, message, user_in

QUEUE_LIMIT = 2_000
MAX_CONNECTIONS = 10
MAX_NEW_A_MINUTE = 30
MAX_SUBSCRIPTIONS = 1_000
MAX_USERS = 10
MAX_MESSAGES_A_MINUTE = 2_000
MAX_POSTS = 100
SILENCE_S = 60.0
SHOWN = 200

Post = Callable[[dict[str, Any], str], Awaitable[dict[str, Any]]]


class Client:
    """One connection: its subscriptions and a bounded send queue.

    `send` never blocks. A client whose queue is full is closed: `close` discards the queue and lets the sender task
    close the socket. After that `send` does nothing.
    """

    def __init__(self, sender: str) -> None:
        self.sender = sender
        self.keys: dict[Key, dict[str, Any]] = {}
        self.queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_LIMIT)
        self.posts: set[asyncio.Task[None]] = set()
        self.held: list[str] = []
        self.is_closed = False

    def send(self, text: str) -> None:
        if self.is_closed:
            return
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """Discards the queue and closes the connection."""
        self.is_closed = True
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class MinuteCounter:
    """Counts events within the last minute, by sender."""

    def __init__(self) -> None:
        self._times: dict[str, deque[int]] = {}

    def count(self, sender: str, now_ms: int) -> int:
        """Adds one event; returns the count within the last minute."""
        times = self._times.setdefault(sender, deque())
        times.append(now_ms)
        while times[0] <= now_ms - MINUTE_MS:
            times.popleft()
        return len(times)


class Sockets:
    """All connections. `post(request, sender)` executes a request over the socket."""

    def __init__(self, world: World, faults: Faults, now_ms: Callable[[], int], post: Post) -> None:
        self._world, self._faults, self._now_ms, self._post = world, faults, now_ms, post
        self.clients: set[Client] = set()
        self._listeners: dict[Key, dict[Client, None]] = {}
        self._connects, self._messages = MinuteCounter(), MinuteCounter()

    def subscribed_keys(self) -> set[Key]:
        """The keys of all current subscriptions."""
        return set(self._listeners)

    def publish(self, messages: list[tuple[Key, str]]) -> None:
        for key, text in messages:
            for client in list(self._listeners.get(key, ())):
                if self._faults.sockets or client.held:
                    self._send_with_fault(client, key, text)
                else:
                    client.send(text)

    def _send_with_fault(self, client: Client, key: Key, text: str) -> None:
        now_ms, user = self._now_ms(), user_in(key)
        for delay_s, each in self._faults.messages(str(key[0]), text, client.held, now_ms=now_ms, user=user):
            if each is None:
                client.close()
            elif delay_s:
                asyncio.get_running_loop().call_later(delay_s, client.send, each)
            else:
                client.send(each)

    def close_all(self) -> None:
        for client in list(self.clients):
            client.close()

    async def serve(self, socket: WebSocket) -> None:
        """Serves one connection until it closes: reads here, sends in one task, runs each post as a further task."""
        sender = sender_of(socket)
        if self._exceeds_connection_limits(sender) or self._faults.is_in_outage(self._now_ms()):
            await pause_before_refusal(sender)
            await socket.close(1008, "too many connections")
            return
        await socket.accept()
        client = Client(sender)
        self.clients.add(client)
        sending = asyncio.create_task(self._send(socket, client))
        try:
            while True:
                text = await socket.receive_text()
                if self._exceeds_message_limit(sender):
                    await socket.close(1008, "too many messages")
                    break
                self._dispatch(client, text)
        except (WebSocketDisconnect, KeyError, RuntimeError):
            pass
        finally:
            self.clients.discard(client)
            for key in client.keys:
                self._remove_listener(client, key)
            for task in (sending, *client.posts):
                task.cancel()
            await asyncio.gather(sending, *client.posts, return_exceptions=True)

    def _exceeds_message_limit(self, sender: str) -> bool:
        if not self._world.enforces_limits:
            return False
        return self._messages.count(sender, self._now_ms()) > MAX_MESSAGES_A_MINUTE

    def _exceeds_connection_limits(self, sender: str) -> bool:
        if not self._world.enforces_limits:
            return False
        is_too_often = self._connects.count(sender, self._now_ms()) > MAX_NEW_A_MINUTE
        return is_too_often or Counter(client.sender for client in self.clients)[sender] >= MAX_CONNECTIONS

    async def _send(self, socket: WebSocket, client: Client) -> None:
        """Sends queued messages; closes a connection to which nothing was sent for SILENCE_S."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while True:
                try:
                    if client.queue.empty():
                        text = await asyncio.wait_for(client.queue.get(), SILENCE_S)
                    else:
                        text = client.queue.get_nowait()
                except TimeoutError:
                    await socket.close(1000, "Inactive")
                    return
                if text is None:
                    await socket.close(1008, "slow client")
                    return
                await socket.send_text(text)

    def _dispatch(self, client: Client, text: str) -> None:
        try:
            frame = parse_json(text)
            method = frame["method"]
        except (ValueError, KeyError, TypeError):
            method = None
        if method == "ping":
            client.send('{"channel":"pong"}')
        elif method in ("subscribe", "unsubscribe"):
            self._subscribe(client, method, frame.get("subscription"))
        elif method == "post" and isinstance(frame.get("request"), dict) and isinstance(frame.get("id"), int):
            self._begin_post(client, frame["id"], frame["request"])
        else:
            client.send(message("error", f"Error parsing JSON into valid websocket request: {text[:SHOWN]}"))

    def _subscribe(self, client: Client, method: str, subscription: Any) -> None:
        wire = compact(subscription)
        try:
            key = key_of(subscription, self._world.market.coins)
        except InvalidSubscription:
            client.send(message("error", f"Invalid subscription {wire}"))
            return
        if (key in client.keys) == (method == "subscribe"):
            client.send(message("error", f"Already {method}d: {wire}"))
            return
        if method == "subscribe" and (refusal := self._refusal(client.sender, key)):
            client.send(message("error", refusal))
            return
        client.send(message("subscriptionResponse", {"method": method, "subscription": echoed(subscription)}))
        if method == "unsubscribe":
            del client.keys[key]
            self._remove_listener(client, key)
            return
        client.keys[key] = subscription
        self._listeners.setdefault(key, {})[client] = None
        for text in first_messages(self._world, key, self._now_ms()):
            client.send(text)

    def _remove_listener(self, client: Client, key: Key) -> None:
        listeners = self._listeners.get(key, {})
        listeners.pop(client, None)
        if not listeners:
            self._listeners.pop(key, None)

    def _refusal(self, sender: str, key: Key) -> str | None:
        """The error text for one more subscription of a sender, or None."""
        if not self._world.enforces_limits:
            return None
        keys = [each for client in self.clients if client.sender == sender for each in client.keys]
        users = {user for each in keys if (user := user_in(each))} | {user_in(key)} - {None}
        if len(users) > MAX_USERS:
            return f"Cannot track more than {MAX_USERS} total users."
        return f"Cannot subscribe to more than {MAX_SUBSCRIPTIONS}." if len(keys) >= MAX_SUBSCRIPTIONS else None

    def _begin_post(self, client: Client, number: int, request: dict[str, Any]) -> None:
        if len(client.posts) >= MAX_POSTS:
            client.send(message("error", f"too many pending post requests id={number}"))
            return

        async def answer() -> None:
            response = await self._post(request, client.sender)
            client.send(message("post", {"id": number, "response": response}))

        task = asyncio.create_task(answer())
        client.posts.add(task)
        task.add_done_callback(client.posts.discard)
