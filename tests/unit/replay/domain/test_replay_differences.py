"""Differences name their place and show both texts around it."""

from replay.domain.differences import differing_fields, differing_lines


def test_lines_are_compared_one_by_one() -> None:
    assert list(differing_lines("a\nb", "a\nb")) == []
    assert list(differing_lines("a\nb", "a\nc\nd")) == [("line 2", "b", "c"), ("line 3", "(nothing)", "d")]


def test_fields_are_named_by_their_path() -> None:
    left = b'{"data": {"decision": {"leverage": 5, "stops": [1, 2]}, "gone": "x"}}'
    right = b'{"data": {"decision": {"leverage": 6, "stops": [1, 3]}, "more": true}}'
    assert list(differing_fields(left, right)) == [
        ("data.decision.leverage", "5", "6"),
        ("data.decision.stops.1", "2", "3"),
        ("data.gone", "x", "(nothing)"),
        ("data.more", "(nothing)", "true"),
    ]
    assert list(differing_fields(b'{"a": 1}', b'{"a": 1.0}')) == [("a", "1", "1.0")]
    assert list(differing_fields(b'{"a": [1]}', b'{"a": [1, 2]}')) == [("a", "[1]", "[1, 2]")]


def test_long_texts_are_shown_around_the_first_difference() -> None:
    [(_, left, right)] = differing_lines("x" * 500 + "LEFT" + "y" * 500, "x" * 500 + "RIGHT" + "y" * 500)
    assert "LEFT" in left
    assert "RIGHT" in right
    assert left.startswith("…x")
    assert len(left) < 130
