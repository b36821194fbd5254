"""Pushes of an account go out at most once a second, and only when something has changed."""

from decimal import Decimal

from recorder_examples import state

from common.events import Channel
from recorder.handlers import Recorder

D = Decimal


async def push_channels(recorder: Recorder, equity: int, state_ms: int, now_ms: int) -> list[Channel]:
    events = await recorder.store([state("qwen", state_ms, D(equity))], now_ms)
    return [event.data.channel for event in events]


async def test_an_unchanged_part_of_an_account_is_not_pushed_again(recorder: Recorder) -> None:
    both = [Channel.POSITION_UPDATE, Channel.ACCOUNT_UPDATE]
    assert await push_channels(recorder, 10_000, 1_000, 5_000) == both
    assert await push_channels(recorder, 10_000, 1_000, 7_000) == []
    assert await push_channels(recorder, 10_001, 8_000, 9_000) == [Channel.ACCOUNT_UPDATE]


async def test_within_a_second_nothing_is_pushed_then_the_newest(recorder: Recorder) -> None:
    assert await push_channels(recorder, 10_000, 1_000, 5_000) != []
    assert await push_channels(recorder, 10_001, 1_500, 5_999) == []
    assert await push_channels(recorder, 10_001, 1_600, 6_000) == [Channel.ACCOUNT_UPDATE]


async def test_a_state_older_than_the_stored_one_changes_no_row(recorder: Recorder) -> None:
    assert await push_channels(recorder, 10_000, 2_000, 5_000) != []
    assert await push_channels(recorder, 9_000, 1_000, 7_000) == []


async def test_a_state_held_back_goes_out_with_the_next_batch_of_any_kind(recorder: Recorder) -> None:
    await push_channels(recorder, 10_000, 1_000, 5_000)
    assert await push_channels(recorder, 10_001, 1_500, 5_999) == []
    events = await recorder.store([state("deepseek", 1_700, D(10_000))], 6_000)
    pushed = [(event.data.data["model"], event.data.channel) for event in events]
    assert ("qwen", Channel.ACCOUNT_UPDATE) in pushed
    assert {model for model, _ in pushed} == {"qwen", "deepseek"}
