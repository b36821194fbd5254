"""Chromium for the browser tests and the dashboard's benchmark, and the pushes that keep a page busy."""

import shutil
from typing import TYPE_CHECKING, Any

from common.bus import Commit
from common.bus.redis_streams import RedisBus
from common.events import Channel, WsPush, originate

if TYPE_CHECKING:
    from playwright.async_api import Page

INSTALL = "apt-get install -y --no-install-recommends chromium fonts-dejavu-core fonts-noto-cjk"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The path of Chromium, None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


async def heap_bytes(page: "Page") -> int:
    """The page's JavaScript heap after a garbage collection: what is still referenced."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.enable")
    await session.send("HeapProfiler.collectGarbage")
    usage = await session.send("Runtime.getHeapUsage")
    await session.detach()
    return int(usage["usedSize"])


class Pusher:
    """Publishes pushes like the recorder's from real rows, at any rate; nothing of them is recorded."""

    def __init__(
        self, redis_url: str, account: dict[str, Any], decision: dict[str, Any], *, decision_every: int = 10
    ) -> None:
        self._bus = RedisBus(redis_url)
        self._account, self._decision, self._decision_every = account, decision, decision_every
        self._number = 0

    async def __aenter__(self) -> "Pusher":
        await self._bus.prepare("pusher", [])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._bus.close()

    async def push(self, count: int, now_ms: int) -> None:
        """`count` pushes as one commit: accounts, and every so often a new decision."""
        events = [self._event(now_ms) for _ in range(count)]
        await self._bus.commit(Commit("recorder", events=events))

    @property
    def newest(self) -> str:
        """The id of the newest decision that was pushed."""
        return f"pusher-{self._number // self._decision_every * self._decision_every}"

    def _event(self, now_ms: int) -> Any:
        self._number += 1
        keys = ("pusher", self._number, now_ms)
        if self._number % self._decision_every:
            data = self._account | {"equity": f"{10_000 + self._number / 100:.2f}", "time_ms": now_ms}
            payload = WsPush(channel=Channel.ACCOUNT_UPDATE, data=data)
        else:
            data = self._decision | {"id": self.newest, "time_ms": now_ms + self._number}
            payload = WsPush(channel=Channel.AI_DECISION, data=data)
        return originate(payload, keys=keys, time_ms=now_ms, now_ms=now_ms)
