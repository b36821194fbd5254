"""Why a call to a model API brought no answer: no connection, TLS, a redirect, a status."""

import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from common.agent.providers.answer_body import QUOTED_CHARACTERS, stored_body
from common.agent.providers.port import CallFailed, one_line

CONNECT_LIMIT_S: Final = 10.0
"""How long a connection may take to be made, TLS included; far less than a deadline, so that it is tried again."""
MAX_CAUSES: Final = 10
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
ENDED_LATE: Final = frozenset({408, 499})
"""Statuses by which a proxy says that a request took too long or its caller left: the model may have been at work."""
MAX_LISTED: Final = 6


def connection_failure(error: BaseException, base_url_setting: str, *, was_connected: bool) -> CallFailed:
    """The failure of a connection. A certificate that isn't valid stays so; other causes may pass."""
    causes = _causes(error)
    refused = next((each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None)
    # An SSLWantReadError only means that a read waits; it is in the context of every limit that passes meanwhile.
    is_tls = any(isinstance(each, ssl.SSLError) and not isinstance(each, ssl.SSLWantReadError) for each in causes)
    what = f"{type(error).__name__}: {one_line(str(refused or error))[: 2 * QUOTED_CHARACTERS - 60]}"
    return CallFailed(
        "TLS" if is_tls else "UNREACHABLE",
        f"{what}; check {base_url_setting}",
        retryable=refused is None,
        nothing_billed=not was_connected,
    )


def _causes(error: BaseException) -> list[BaseException]:
    """`error` and what it was raised from, the library's own wrappers included."""
    found: list[BaseException] = []
    while error not in found and len(found) < MAX_CAUSES:
        found.append(error)
        error = error.__cause__ or error.__context__ or getattr(error, "os_error", None) or error
    return found


def redirect_failure(status: int, location: str | None, base_url_setting: str) -> CallFailed:
    """A redirect, which is never followed: it would carry the key and the prompt to another address."""
    target = urlsplit(location or "")
    where = one_line(f"{target.scheme}://{target.hostname}" if target.hostname else target.path)[:QUOTED_CHARACTERS]
    reason = f"HTTP {status} to {where or 'nowhere'}, which is not followed; check {base_url_setting}"
    return CallFailed("REDIRECT", reason, retryable=False, nothing_billed=True)


def status_failure(
    status: int,
    body: bytes,
    *,
    code: str,
    message: str,
    hint: str,
    retryable: bool | None = None,
    may_be_billed: bool = False,
) -> CallFailed:
    """The failure that a status other than 200 states. Throttling and the provider's own faults may pass.

    A refused request (4xx) isn't billed, unless it had been accepted before or the caller knows better.
    """
    is_passing = status == 429 or status >= 500 if retryable is None else retryable
    label = f"HTTP {status}" if code.startswith("HTTP_") else f"HTTP {status} {one_line(code)[:40]}"
    reason = f"{label}: {one_line(message)[:QUOTED_CHARACTERS]}; check {hint}"
    is_refused = 400 <= status < 500 and status not in ENDED_LATE and not may_be_billed
    return CallFailed(code, reason, retryable=is_passing, nothing_billed=is_refused, body=stored_body(body) or None)


def listing_problem(model: str, listed: Sequence[str], setting: str) -> str | None:
    """That the provider's list of models lacks the one that is asked; None when it has it, or there is no list.

    Ollama answers for a name whose tag `latest` it lists. llama.cpp lists its one model, and answers under any name.
    """
    if len(listed) < 2 or model in listed or f"{model}:latest" in listed:
        return None
    offered = ", ".join(one_line(name)[:40] for name in listed[:MAX_LISTED])
    return f"the provider does not list the model {model!r}, but {offered}; check {setting}"
