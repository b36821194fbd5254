"""PostgreSQL starts for root, for an ordinary user, and for root where user namespaces are refused."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from aicoin_local import stores
from aicoin_local.stores import Throwaway, free_port, postgres_store, wait_for_postgres
from aicoin_local.unprivileged import Disguise, disguise, give_to, works


def an_account() -> int:
    return next(account.pw_uid for account in pwd.getpwall() if account.pw_uid != 0)


def test_an_ordinary_user_with_an_account_needs_no_disguise() -> None:
    assert disguise(an_account()) == Disguise((), an_account())


def test_root_gets_the_name_of_an_account_that_exists() -> None:
    found = disguise(0, lambda prefix: prefix[0] == "unshare")
    assert found is not None
    assert f"--map-user={an_account()}" in found.prefix
    assert found.owner == 0


def test_where_namespaces_are_refused_root_becomes_that_account() -> None:
    found = disguise(0, lambda prefix: prefix[0] == "setpriv")
    assert found is not None
    assert found.owner == an_account()


def test_a_user_without_an_account_and_without_namespaces_can_not() -> None:
    assert disguise(987_654_321, lambda prefix: False) is None
    assert disguise(987_654_321, lambda prefix: prefix[0] == "setpriv") is None


def test_a_tool_that_is_missing_or_refused_does_not_work() -> None:
    assert not works(("no-such-tool-here",))
    assert not works(("false",))
    assert works(("env",))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_postgres_runs_and_goes_on_with_its_data_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "postgres"
    ways = [
        disguise(0, lambda prefix, tool=tool: prefix[0] == tool and works(prefix)) for tool in ("setpriv", "unshare")
    ]
    for way in [way for way in ways if way is not None]:
        monkeypatch.setattr(stores, "disguise", lambda way=way: way)
        server = Throwaway(postgres_store(folder, free_port()), tmp_path / "log")
        try:
            wait_for_postgres(server.store.url, 120)
        finally:
            server.stop()
        assert (folder / "data" / "PG_VERSION").stat().st_uid == way.owner


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_folder_is_given_away_whole(tmp_path: Path) -> None:
    (tmp_path / "data" / "base").mkdir(parents=True)
    give_to(tmp_path / "data", an_account())
    assert {path.stat().st_uid for path in (tmp_path / "data", tmp_path / "data" / "base")} == {an_account()}
    assert subprocess.run(["test", "-O", str(tmp_path / "data")], check=False).returncode != 0
