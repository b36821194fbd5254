"""A request reaches a real server once, or its outcome is reported as unknown: never twice, never elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from executor.exchange.errors import TransportError
from executor.exchange.http import HttpResponse, HttpTransport


class Server(BaseHTTPRequestHandler):
    """Does what each body says, and keeps the bodies."""

    protocol_version = "HTTP/1.1"
    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, body))
        if body == b"hang up":
            self.close_connection = True
            return
        self.send_response(307 if body == b"elsewhere" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    """Where the server listens."""
    Server.received = []
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
    with pytest.raises(TransportError, match="refused"):
        transport.post("/exchange", b"first")
    transport.close()


def test_a_response_of_bytes_can_be_stored() -> None:
    """PostgreSQL takes no NUL, and a gateway's answer may be anything: the executor must not end because of it."""
    assert HttpResponse(502, b"\x00bad \xff gateway").text == "\ufffdbad \ufffd gateway"


def test_nuls_are_left_out_of_a_response() -> None:
    assert "\0" not in HttpResponse(502, b"bad\0gateway").text
    assert HttpResponse(200, b'{"response": "no\\u0000pe"}').json() == {"response": "no\ufffdpe"}
