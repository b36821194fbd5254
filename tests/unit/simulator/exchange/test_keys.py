"""API wallets and nonces."""

import pytest

from simulator.exchange.state.keys import KEPT_NONCES, Agent, Keys, NonceError
from simulator.market.candles import DAY_MS

NOW = 1_795_400_400_000


def keys_with(*agents: Agent) -> Keys:
    keys = Keys()
    for agent in agents:
        keys.approve(agent)
    return keys


def test_a_wallet_acts_for_its_master_until_it_expires() -> None:
    keys = keys_with(Agent("0xw", "0xm", "bot", NOW + 1))
    assert (keys.master_of("0xw", NOW), keys.master_of("0xw", NOW + 1)) == ("0xm", None)


def test_a_wallet_of_the_same_name_replaces_and_retires_the_other() -> None:
    keys = keys_with(Agent("0xw", "0xm", "bot", NOW + 1), Agent("0xv", "0xm", "bot", NOW + 1))
    assert [agent.address for agent in keys.named_of("0xm")] == ["0xv"]
    assert keys.retired == {"0xw"}


@pytest.mark.parametrize("nonce", [NOW - 2 * DAY_MS, NOW + DAY_MS])
def test_a_nonce_outside_the_window_is_refused(nonce: int) -> None:
    with pytest.raises(NonceError, match="Invalid nonce"):
        Keys().spend("0xw", nonce, NOW)


def test_a_used_nonce_and_one_below_the_hundred_highest_are_refused() -> None:
    keys = Keys()
    for nonce in range(NOW, NOW + KEPT_NONCES):
        keys.spend("0xw", nonce, NOW)
    for nonce, reason in ((NOW + 1, "duplicate"), (NOW - 1, "too low")):
        with pytest.raises(NonceError, match=reason):
            keys.spend("0xw", nonce, NOW)
    keys.spend("0xv", NOW - 1, NOW)


def test_changes_are_taken_once() -> None:
    keys = keys_with(Agent("0xw", "0xm", "", NOW + 1))
    keys.spend("0xw", NOW, NOW)
    assert keys.is_changed
    assert (keys.take_changed(), keys.take_used(), keys.is_changed) == (True, {"0xw"}, False)
