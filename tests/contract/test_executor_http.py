"""A request reaches a real server once, or its outcome is reported as unknown: never twice, never elsewhere."""

import asyncio
import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from executor_process import address_of, key_of
from harness import eventually

from common.runtime.clock import SystemClock
from common.trading.instruments import Symbol
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import NoConnection, TransportError
from executor.exchange.http import ExchangeConfig, HttpResponse, HttpTransport
from executor.exchange.rate_limit import RequestRateLimiter


class Server(BaseHTTPRequestHandler):
    """Does what each body says, and keeps the bodies."""

    protocol_version = "HTTP/1.1"
    received: list[tuple[str, bytes]]
    released: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, body))
        if self.path == "/info":
            self.released.wait(60)
        if body == b"hang up":
            self.close_connection = True
            return
        self.send_response(307 if body == b"elsewhere" else 200)
        self.send_header("Location", "/elsewhere")
        answer = b'{"status": "ok"}'
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    """Where the server listens."""
    Server.received, Server.released = [], threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def transport(address: str) -> Iterator[HttpTransport]:
    transport = HttpTransport(address, 30.0)
    yield transport
    transport.close()


def test_a_request_whose_answer_is_cut_off_is_not_repeated(transport: HttpTransport) -> None:
    assert transport.post("/exchange", b"first").status == 200
    with pytest.raises(TransportError):
        transport.post("/exchange", b"hang up")
    assert transport.post("/exchange", b"next").status == 200
    assert Server.received == [("/exchange", body) for body in (b"first", b"hang up", b"next")]


def test_a_redirection_is_an_answer(transport: HttpTransport) -> None:
    assert transport.post("/exchange", b"elsewhere").status == 307
    assert Server.received == [("/exchange", b"elsewhere")]


def test_each_request_has_the_length_of_its_own_body(transport: HttpTransport) -> None:
    bodies = [b"a longer one than the next", b"short", b"and again a longer one"]
    assert all(transport.post("/exchange", body).status == 200 for body in bodies)
    assert [body for _, body in Server.received] == bodies


def test_the_proxy_of_the_environment_is_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", address)
    transport = HttpTransport("http://exchange.invalid", 30.0)
    assert transport.post("/exchange", b"first").status == 200
    transport.close()
    assert Server.received == [("http://exchange.invalid/exchange", b"first")]


def test_a_server_that_is_not_there_is_named_in_one_line() -> None:
    transport = HttpTransport("http://127.0.0.1:1", 5.0)
    with pytest.raises(NoConnection, match="refused"):
        transport.post("/exchange", b"first")
    transport.close()


def test_a_response_of_bytes_can_be_stored() -> None:
    """PostgreSQL takes no NUL, and a gateway's answer may be anything: the executor must not end because of it."""
    assert HttpResponse(502, b"\x00bad \xff gateway").text == "\ufffdbad \ufffd gateway"


def test_nuls_are_left_out_of_a_response() -> None:
    assert "\0" not in HttpResponse(502, b"bad\0gateway").text
    assert HttpResponse(200, b'{"response": "no\\u0000pe"}').json() == {"response": "no\ufffdpe"}


def dripping(chunks: Iterator[bytes], every_s: float = 0.05) -> Iterator[str]:
    """The address of a server that answers each request with these bytes, one chunk after the other."""
    ending = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            for chunk in chunks:
                connection.sendall(chunk)
                if ending.wait(every_s):
                    return

    def accept(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ending.set()


def bytes_of(head: bytes, repeated: bytes) -> Iterator[bytes]:
    yield head
    yield from itertools.repeat(repeated)


OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "status": bytes_of(b"H", b"T"),
    "header": bytes_of(OK + b"X: ", b"x"),
    "body": bytes_of(OK + b"Content-Length: 100000\r\n\r\n", b"x"),
    "chunks": bytes_of(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "body without a length": bytes_of(OK + b"\r\n", b"x"),
}


@pytest.mark.parametrize("part", DRIPS)
def test_an_answer_that_drips_ends_at_the_deadline(part: str) -> None:
    for address in dripping(DRIPS[part]):
        transport = HttpTransport(address, 1.0)
        ended = threading.Event()

        def ask(transport: HttpTransport = transport, ended: threading.Event = ended) -> None:
            with pytest.raises(TransportError):
                transport.post("/info", b"{}")
            ended.set()

        threading.Thread(target=ask, daemon=True).start()
        assert ended.wait(20), f"a dripping {part} holds the request"
        transport.close()


@pytest.mark.parametrize(
    "head", [b"Content-Length: 100000000000\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n5f5e100\r\n"]
)
def test_an_answer_without_end_is_cut_off(head: bytes) -> None:
    for address in dripping(bytes_of(OK + head, b"x" * 1_000_000), every_s=0):
        transport = HttpTransport(address, 60.0)
        with pytest.raises(TransportError, match="bytes"):
            transport.post("/info", b"{}")
        transport.close()


def test_a_kept_connection_sends_with_the_time_of_its_own_request(transport: HttpTransport) -> None:
    """The last read of a request may leave the socket a timeout of next to nothing."""
    for _ in range(50):
        assert transport.post("/exchange", b"next" * 100_000).status == 200


async def test_an_action_does_not_wait_for_questions(address: str) -> None:
    client = ExchangeClient(
        key=key_of("qwen"),
        address=address_of("qwen"),
        coins=(Symbol.BTC,),
        config=ExchangeConfig(url=address, timeout_s=20.0, action_life_ms=30_000),
        rate_limiter=RequestRateLimiter(100_000),
        clock=SystemClock(),
    )
    questions = [asyncio.ensure_future(client.mid_prices()) for _ in range(20)]
    await eventually("the question that hangs", lambda: any(path == "/info" for path, _ in Server.received))
    assert await client.send(b"an action") == {"status": "ok"}
    assert not any(question.done() for question in questions)
    Server.released.set()
    await asyncio.gather(*questions, return_exceptions=True)
    client.close()
