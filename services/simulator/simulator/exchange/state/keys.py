"""API wallets and nonces: which keys may act for which account, and which nonces a key has used."""

import bisect
from dataclasses import dataclass, field

from simulator.market.candles import DAY_MS

KEPT_NONCES = 100
AGENT_LIFE_MS = 90 * DAY_MS


class NonceError(Exception):
    """The nonce is outside the window or already used; the text is the exchange's."""


@dataclass(slots=True)
class Agent:
    """An API wallet of `master`; unnamed ones have an empty name."""

    address: str
    master: str
    name: str
    valid_until_ms: int


@dataclass(slots=True)
class Keys:
    """All API wallets and the highest nonces of every key."""

    agents: dict[str, Agent] = field(default_factory=dict)
    nonces: dict[str, list[int]] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    removed_ms: dict[str, int] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _changed: bool = False

    def approve(self, agent: Agent) -> None:
        """Registers an API wallet; one of the same master and name is replaced."""
        self.remove(agent.master, agent.name)
        self.agents[agent.address] = agent
        self._changed = True

    def remove(self, master: str, name: str) -> bool:
        """Revokes an API wallet; returns whether there was one."""
        found = [a.address for a in self.agents.values() if (a.master, a.name) == (master, name)]
        for address in found:
            del self.agents[address]
            self.retired.add(address)
            self._changed = True
        return bool(found)

    def expire(self, address: str, now_ms: int) -> None:
        """Ends an API wallet's validity. Raises KeyError for an unknown one."""
        self.agents[address].valid_until_ms = now_ms
        self._changed = True

    def forget(self, address: str) -> None:
        """Removes an API wallet as if it had never been there. Raises KeyError for an unknown one."""
        del self.agents[address]
        self.nonces.pop(address, None)
        self._changed = True

    @property
    def is_changed(self) -> bool:
        """Whether API wallets or nonces have changed since they were last taken."""
        return self._changed or bool(self._used)

    def take_used(self) -> set[str]:
        """The keys that have used a nonce since the last call."""
        used, self._used = self._used, set()
        return used

    def take_changed(self) -> bool:
        """Whether API wallets were added or removed since the last call."""
        changed, self._changed = self._changed, False
        return changed

    def named_of(self, master: str) -> list[Agent]:
        """The named API wallets of an account."""
        return [agent for agent in self.agents.values() if agent.master == master and agent.name]

    def master_of(self, signer: str, now_ms: int) -> str | None:
        """The account that a key may act for as an API wallet; None for other keys and expired wallets."""
        agent = self.agents.get(signer)
        return agent.master if agent is not None and agent.valid_until_ms > now_ms else None

    def spend(self, signer: str, nonce: int, now_ms: int) -> None:
        """Uses up a nonce. Source: Hyperliquid docs, Nonces: in (T − 2 d, T + 1 d), unused, above the lowest of 100."""
        low, high = now_ms - 2 * DAY_MS, now_ms + DAY_MS
        if nonce <= low:
            raise NonceError(f"Invalid nonce: nonce too low {nonce} < {low}")
        if nonce >= high:
            raise NonceError(f"Invalid nonce: nonce too high {nonce} > {high}")
        used = self.nonces.setdefault(signer, [])
        if nonce in used:
            raise NonceError(f"Invalid nonce: duplicate nonce {nonce}")
        if len(used) >= KEPT_NONCES and nonce < used[0]:
            raise NonceError(f"Invalid nonce: nonce too low {nonce} < {used[0]}")
        bisect.insort(used, nonce)
        self._used.add(signer)
        del used[:-KEPT_NONCES]
