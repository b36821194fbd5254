"""HTTP POSTs to one server over kept connections; what is the same for each request is built once."""

import json
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from executor.exchange.errors import MissingCertificates, TransportError


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

    Proxies and certificates are the environment's at construction, as requests finds them, unless `uses_environment` is
    False. Raises MissingCertificates.
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
        self._pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        try:
            adapter.cert_verify(self._pool, url, verify, cert)
        except OSError as error:
            raise MissingCertificates(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE: {error}; give a file that exists"
            ) from error
        self._base_url = adapter.request_url(request, proxies).rstrip("/")
        self._headers = {name: str(value) for name, value in request.headers.items() if name != "Content-Length"}
        self._timeout, self._retries = urllib3.Timeout(connect=timeout_s, read=timeout_s), adapter.max_retries

    def post(self, path: str, body: bytes) -> HttpResponse:
        """One request. Raises TransportError."""
        try:
            response = self._pool.urlopen(
                "POST",
                self._base_url + path,
                body,
                self._headers,
                redirect=False,
                assert_same_host=False,
                retries=self._retries,
                timeout=self._timeout,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TransportError(f"{type(error).__name__}: {error}") from error
        return HttpResponse(response.status, response.data)

    def close(self) -> None:
        self._pool.close()
        self._session.close()
