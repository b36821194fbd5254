"""HTTP POSTs to one address over a session; what is the same each time is made once."""

import requests


class Posting:
    """Not for two threads at once. Proxies and certificates are the environment's at the start."""

    def __init__(self, session: requests.Session, url: str, timeout_s: float) -> None:
        self._session, self._timeout_s = session, timeout_s
        self._request = session.prepare_request(
            requests.Request("POST", url, headers={"Content-Type": "application/json"})
        )
        self._settings = session.merge_environment_settings(url, {}, None, None, None)

    def post(self, body: bytes) -> requests.Response:
        """The answer, whatever its status; a redirection is not followed. Raises requests.RequestException."""
        self._request.prepare_body(body, None)
        return self._session.send(self._request, timeout=self._timeout_s, allow_redirects=False, **self._settings)
