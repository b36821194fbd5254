"""How the exchange is reached: HTTP POSTs over kept connections, in threads of their own."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from common.runtime.metrics import exchange as metrics
from common.runtime.outside.proxies import is_local, proxy_problem
from executor.exchange.deadline import Deadline, connection_class
from executor.exchange.errors import (
    NOT_OWNER,
    MissingCertificates,
    NoConnection,
    NotSent,
    TransportError,
    UnusableProxy,
)
from executor.exchange.signing import ApiWallet

T = TypeVar("T")

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""Decompressed; the largest answer, 2,000 rows of an account's history, has about one megabyte."""
MAX_REQUESTS: Final = 64
"""In progress or waiting for their turn, of all accounts: more than their tasks ever make at once."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, whatever its status; a redirection is not followed."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as far as it can be decoded, without NULs, which PostgreSQL doesn't store."""
        return self.body.decode(errors="replace").replace("\0", "\ufffd")

    def json(self) -> Any:
        """The body's JSON, without NULs. Raises ValueError."""
        return json.loads(self.body.replace(b"\\u0000", b"\\ufffd"))


class HttpTransport:
    """Sends each request once and never repeats it: a repeat is the caller's decision.

    A request ends within `timeout_s` as a whole, however slowly its answer drips, and an answer is at most
    `MAX_ANSWER_BYTES` long.

    Proxies and certificates are the environment's at construction, as requests finds them, unless `uses_environment` is
    False; a server of this machine takes no proxy. Raises UnusableEnvironment.
    A session's own `send` spends more on hooks, cookies and redirections than the request takes to leave, so the
    connection pool of its adapter is used directly. Not safe for use by two threads at once; the client's lock sees to
    that.
    """

    def __init__(self, url: str, timeout_s: float, *, uses_environment: bool = True) -> None:
        self._session = requests.Session()
        self._session.trust_env = uses_environment
        request = self._session.prepare_request(
            requests.Request("POST", url, headers={"Content-Type": "application/json"})
        )
        settings = self._session.merge_environment_settings(url, {}, None, None, None)
        adapter = self._session.get_adapter(url)
        assert isinstance(adapter, HTTPAdapter)  # noqa: S101 - what a new session has mounted
        proxies, verify, cert = settings["proxies"], settings["verify"], settings["cert"]
        if is_local(url):
            proxies = {}
        elif uses_environment and (problem := proxy_problem(url, "requests")) is not None:
            raise UnusableProxy(problem)
        self._pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        try:
            adapter.cert_verify(self._pool, url, verify, cert)
        except OSError as error:
            raise MissingCertificates(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE: {error}; give a file that exists"
            ) from error
        self._base_url = adapter.request_url(request, proxies).rstrip("/")
        self._headers = {name: str(value) for name, value in request.headers.items() if name != "Content-Length"}
        self._timeout_s, self._deadline, self._retries = timeout_s, Deadline(), adapter.max_retries
        # The pool makes its connections of whatever class it finds here.
        self._pool.ConnectionCls = connection_class(self._pool.ConnectionCls, self._deadline)  # type: ignore[arg-type]

    def post(self, path: str, body: bytes) -> HttpResponse:
        """One request. Raises TransportError."""
        self._deadline.start(self._timeout_s)
        try:
            response = self._pool.urlopen(
                "POST",
                self._base_url + path,
                body,
                self._headers,
                redirect=False,
                assert_same_host=False,
                retries=self._retries,
                timeout=self._timeout_s,
                preload_content=False,
            )
            content = response.read(MAX_ANSWER_BYTES + 1)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = getattr(error, "reason", error)  # What the last of the tries ended by.
            failure = NoConnection if isinstance(reason, urllib3.exceptions.NewConnectionError) else TransportError
            raise failure(f"{type(error).__name__}: {error}") from error
        if len(content) > MAX_ANSWER_BYTES:
            response.close()
            raise TransportError(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
        return HttpResponse(response.status, content)

    def close(self) -> None:
        self._pool.close()
        self._session.close()


_threads: Final = ThreadPoolExecutor(MAX_REQUESTS, thread_name_prefix="exchange")


async def run_in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Runs a request in a thread that only requests use: the loop's own threads are few, and may all be taken."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)


async def run_within(seconds: float, work: Callable[[], T]) -> T:
    """The result of blocking work on the disk, in a thread that nothing waits for: a disk may hang. Raises TimeoutError
    and what the work raises."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def resolve(value: T | None, error: Exception | None) -> None:
        if result.done():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(cast("T", value))

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # The loop may be closed by then.
            loop.call_soon_threadsafe(resolve, value, failure)

    threading.Thread(target=run, daemon=True).start()
    async with asyncio.timeout(seconds):
        return await result


class Transport(Protocol):
    """What sends requests: see HttpTransport."""

    def post(self, path: str, body: bytes) -> HttpResponse: ...
    def close(self) -> None: ...


class Connection:
    """One connection with its lock: its requests reach the exchange in the order in which they were made, and none
    waits for one of another connection."""

    def __init__(self, transport: Transport, timeout_s: float) -> None:
        self._transport, self._timeout_s, self._turn = transport, timeout_s, threading.Lock()

    def post(self, path: str, body: bytes, may_send: Callable[[], bool] = lambda: True) -> HttpResponse:
        """One request. Raises TransportError when no answer or no turn comes in time, NotSent for one that may not
        be sent any more."""
        if not self._turn.acquire(timeout=self._timeout_s):
            raise TransportError("not sent: the request before it takes too long")
        try:
            if not may_send():
                raise NotSent(NOT_OWNER)
            response = self._transport.post(path, body)
        except TransportError:
            metrics.REQUESTS.labels("unanswered").inc()
            raise
        else:
            metrics.REQUESTS.labels(metrics.result_of(response.status)).inc()
            return response
        finally:
            self._turn.release()

    def close(self) -> None:
        self._transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """Where the exchange is, how long to wait for it, and how long a signed action stays valid.

    `universe_file` is where its instruments are kept. The last three are how it is reached: `open_transport` creates a
    transport for an address and a timeout, `run_blocking` runs a blocking function of it, `open_wallet` creates a key's
    signer. A simulation brings its own.
    """

    url: str
    timeout_s: float
    action_life_ms: int
    universe_file: Path | None = None
    open_transport: Callable[[str, float], Transport] = HttpTransport
    run_blocking: Callable[..., Awaitable[Any]] = run_in_thread
    open_wallet: Callable[[str], Any] = ApiWallet
