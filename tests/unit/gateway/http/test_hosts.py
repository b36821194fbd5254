"""Which hosts a request may name."""

import pytest

from gateway.http.hosts import is_allowed_host

OWN = frozenset({"arena.example"})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "192.168.1.7",
        "[::1]:8080",
        "[::1]",
        "localhost:8080",
        "LOCALHOST",
        "arena.localhost:8080",
        "gateway:8080",
        "arena.example",
        "Arena.Example:443",
        "arena.example.",
    ],
)
def test_addresses_names_without_a_dot_and_own_names_pass(host: str) -> None:
    assert is_allowed_host(host, OWN)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8080",
        "evil.example",
        "evil.example:8080",
        "arena.example.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80@127.0.0.1",
        "arena.example:port",
        "xn--rena-xoa.example",
        "localhost.evil",
    ],
)
def test_any_other_name_is_refused(host: str) -> None:
    assert not is_allowed_host(host, OWN)
