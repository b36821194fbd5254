"""The panel's part about accounts: modes, movements of cash, API wallets, cancels by hand, refused orders."""

from decimal import Decimal
from typing import Any

from simulator.exchange import interventions
from simulator.exchange.state import account_modes
from simulator.exchange.state.account import Account
from simulator.exchange.state.deviations import ROLES, Refusal
from simulator.server.faults import MAX_COUNT, InvalidFault
from simulator.server.http import Server

Body = dict[str, Any]


class Traders:
    """Each action takes a request's body and returns its answer; what it changes is stored before."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def _account_of(self, body: Body) -> Account:
        user = str(body["user"]).lower()
        account = self._server.world.exchange.accounts.get(user)
        if account is None:
            raise InvalidFault(f"{user} is not a funded account")
        return account

    def _stamp_ms(self) -> int:
        return self._server.world.stamp_ms(self._server.now_ms())

    def account(self, body: Body) -> Body:
        """Gives an account another `mode`, in any word; `outcomes` are amounts of prediction tokens by name."""
        account = self._account_of(body)
        if "mode" in body:
            account.set_mode(account_modes.OF_SETTING.get(body["mode"], str(body["mode"])))
        if "outcomes" in body:
            account.outcomes = {str(name): Decimal(str(amount)) for name, amount in body["outcomes"].items()}
        self._server.world.exchange.changes.accounts.add(account.address)
        self._server.persist_changes()
        return {"user": account.address, "mode": account.mode}

    def ledger(self, body: Body) -> Body:
        """Moves `usd` into an account (negative: out of it) and writes the ledger row of a `type`, with `fields`."""
        account, usd = self._account_of(body), Decimal(str(body.get("usd", 0)))
        if not usd.is_finite():
            raise InvalidFault("usd must be an amount")
        row = interventions.move_cash(
            self._server.world.exchange,
            account.address,
            str(body["type"]),
            usd,
            self._stamp_ms(),
            body.get("fields"),
        )
        self._server.persist_changes()
        return {"row": row}

    def wallet(self, body: Body) -> Body:
        """Ends an API wallet ("ended") or forgets it ("pruned")."""
        address, kind = str(body["address"]).lower(), str(body.get("kind", "pruned"))
        if kind == "pruned":
            interventions.prune_wallet(self._server.world.keys, address)
        elif kind == "ended":
            interventions.end_wallet(self._server.world.keys, address, self._stamp_ms())
        else:
            raise InvalidFault('kind must be "ended" or "pruned"')
        self._server.persist_changes()
        return {"address": address, "kind": kind}

    def cancel(self, body: Body) -> Body:
        """Cancels an account's stops (or `what`: targets, all), of one coin or of all, as its owner would by hand."""
        what = str(body.get("what", interventions.STOPS))
        count = interventions.cancel_by_hand(
            self._server.world.exchange, self._account_of(body).address, what, self._stamp_ms(), body.get("coin")
        )
        self._server.persist_changes()
        return {"cancelled": count}

    def refuse(self, body: Body) -> Body:
        """Refuses the next `count` orders of a `role` with a `text`."""
        role, count = str(body.get("role", "any")), int(body.get("count", 1))
        if role not in ROLES or not 1 <= count <= MAX_COUNT:
            raise InvalidFault(f"role must be one of {', '.join(ROLES)}, count 1 to {MAX_COUNT}")
        user = self._account_of(body).address if "user" in body else None
        self._server.world.exchange.deviations.refusals.append(Refusal(str(body["text"]), role, user, count))
        return {"arranged": body}
