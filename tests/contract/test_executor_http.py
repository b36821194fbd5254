"""What the executor posts reaches a real server once or is known as doubtful: never twice, never elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from executor.exchange.errors import TransportError
from executor.exchange.http import HttpResponse, HttpTransport


class Door(BaseHTTPRequestHandler):
    """Does what each body says, and keeps the bodies."""

    protocol_version = "HTTP/1.1"
    came: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.came.append((self.path, body))
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
    """Where the door is."""
    Door.came = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def posting(address: str) -> Iterator[HttpTransport]:
    posting = HttpTransport(address, 30.0)
    yield posting
    posting.close()


def test_a_request_whose_answer_is_cut_off_is_not_repeated(posting: HttpTransport) -> None:
    assert posting.post("/exchange", b"first").status == 200
    with pytest.raises(TransportError):
        posting.post("/exchange", b"hang up")
    assert posting.post("/exchange", b"next").status == 200
    assert Door.came == [("/exchange", body) for body in (b"first", b"hang up", b"next")]


def test_a_redirection_is_an_answer(posting: HttpTransport) -> None:
    assert posting.post("/exchange", b"elsewhere").status == 307
    assert Door.came == [("/exchange", b"elsewhere")]


def test_each_request_has_the_length_of_its_own_body(posting: HttpTransport) -> None:
    bodies = [b"a longer one than the next", b"short", b"and again a longer one"]
    assert all(posting.post("/exchange", body).status == 200 for body in bodies)
    assert [body for _, body in Door.came] == bodies


def test_the_environment_s_proxy_is_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", address)
    posting = HttpTransport("http://exchange.invalid", 30.0)
    assert posting.post("/exchange", b"first").status == 200
    posting.close()
    assert Door.came == [("http://exchange.invalid/exchange", b"first")]


def test_nobody_there_is_told_in_one_line() -> None:
    posting = HttpTransport("http://127.0.0.1:1", 5.0)
    with pytest.raises(TransportError, match="refused"):
        posting.post("/exchange", b"first")
    posting.close()


def test_an_answer_of_bytes_can_be_kept_in_a_table() -> None:
    """PostgreSQL takes no NUL, and a gateway's answer may be anything: the executor must not end because of it."""
    assert HttpResponse(502, b"\x00bad \xff gateway").text == "\ufffdbad \ufffd gateway"


def test_what_no_table_takes_is_left_out_of_an_answer() -> None:
    assert "\0" not in HttpResponse(502, b"bad\0gateway").text
    assert HttpResponse(200, b'{"response": "no\\u0000pe"}').json() == {"response": "no\ufffdpe"}
