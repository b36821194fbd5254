"""PostgreSQL starts for root, for an ordinary user, and for root where user namespaces are refused."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from aicoin_local import stores
from aicoin_local.stores import Throwaway, free_port, postgres_store, wait_for_postgres
from aicoin_local.unprivileged import UnprivilegedAccount, change_owner, drop_privileges, is_usable


def an_account() -> int:
    return next(account.pw_uid for account in pwd.getpwall() if account.pw_uid != 0)


def test_ordinary_user_with_an_account_needs_no_prefix() -> None:
    assert drop_privileges(an_account()) == UnprivilegedAccount((), an_account())


def test_root_is_mapped_to_an_existing_account() -> None:
    found = drop_privileges(0, lambda prefix: prefix[0] == "unshare")
    assert found is not None
    assert f"--map-user={an_account()}" in found.prefix
    assert found.owner_uid == 0


def test_root_switches_account_where_namespaces_are_refused() -> None:
    found = drop_privileges(0, lambda prefix: prefix[0] == "setpriv")
    assert found is not None
    assert found.owner_uid == an_account()


def test_user_without_account_and_namespaces_has_no_way() -> None:
    assert drop_privileges(987_654_321, lambda prefix: False) is None
    assert drop_privileges(987_654_321, lambda prefix: prefix[0] == "setpriv") is None


def test_missing_or_refused_tool_is_not_usable() -> None:
    assert not is_usable(("no-such-tool-here",))
    assert not is_usable(("false",))
    assert is_usable(("env",))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_postgres_keeps_its_data_when_the_way_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "postgres"
    ways = [
        drop_privileges(0, lambda prefix, tool=tool: prefix[0] == tool and is_usable(prefix))
        for tool in ("setpriv", "unshare")
    ]
    for way in [way for way in ways if way is not None]:
        monkeypatch.setattr(stores, "drop_privileges", lambda way=way: way)
        server = Throwaway(postgres_store(folder, free_port()), tmp_path / "log")
        try:
            wait_for_postgres(server.store.url, 120)
        finally:
            server.stop()
        assert (folder / "data" / "PG_VERSION").stat().st_uid == way.owner_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change owners")
def test_owner_is_changed_for_a_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "data" / "base").mkdir(parents=True)
    change_owner(tmp_path / "data", an_account())
    assert {path.stat().st_uid for path in (tmp_path / "data", tmp_path / "data" / "base")} == {an_account()}
    assert subprocess.run(["test", "-O", str(tmp_path / "data")], check=False).returncode != 0
