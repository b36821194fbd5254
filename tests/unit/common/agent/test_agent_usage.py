"""Which tokens and failures count towards spending, of what providers report."""

import pytest

from common.agent.providers.answer_body import token_usage
from common.agent.providers.failures import status_failure


@pytest.mark.parametrize(
    ("total", "completion"), [(110, 10), (None, 10), (140, 40), (90, 10), (-5, 10), ("many", 10), (10**30, 10)]
)
def test_a_total_above_its_parts_is_output(total: object, completion: int) -> None:
    usage = token_usage(100, 10, 20, total)
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (100, completion, 20)


@pytest.mark.parametrize(
    ("status", "is_proof"), [(400, True), (401, True), (429, True), (408, False), (499, False), (500, False)]
)
def test_only_a_refusal_at_once_proves_that_nothing_is_billed(status: int, is_proof: bool) -> None:
    failure = status_failure(status, b"", code=f"HTTP_{status}", message="m", hint="h")
    assert failure.nothing_billed is is_proof
