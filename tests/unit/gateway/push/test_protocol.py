"""The client's messages: what they mean, and what is refused with its reason."""

import pytest

from gateway.push.protocol import BadMessage, Ping, Subscribe, Unsubscribe, parse_message


def test_a_channel_named_twice_counts_once() -> None:
    request = parse_message('{"op":"subscribe","channels":["ai_decision","ai_decision"]}')
    assert isinstance(request, Subscribe)
    assert request.channels == ("ai_decision",)


def test_each_operation_is_parsed() -> None:
    assert parse_message('{"op":"ping"}') == Ping()
    assert parse_message('{"op":"unsubscribe","channels":["ai_decision"]}') == Unsubscribe(("ai_decision",))
    text = '{"op":"subscribe","channels":["ai_decision"],"since":{"ai_decision":3},"epoch":7}'
    assert parse_message(text) == Subscribe(("ai_decision",), {"ai_decision": 3}, 7)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 4000, "not JSON"),
        ("[]", "op must be"),
        ('{"op":"steal"}', "op must be"),
        ('{"op":"subscribe"}', "channels must be"),
        ('{"op":"subscribe","channels":["keys"]}', "channels must be"),
        ('{"op":"subscribe","channels":["ai_decision"],"since":{"ai_decision":"x"}}', "since must"),
        ('{"op":"subscribe","channels":["ai_decision"],"since":{"ai_decision":true}}', "since must"),
        ('{"op":"subscribe","channels":["ai_decision"],"epoch":"x"}', "epoch must"),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        parse_message(text)
