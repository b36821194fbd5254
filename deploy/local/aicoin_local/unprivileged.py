"""PostgreSQL refuses to run as root and without an account: how it gets an unprivileged account, without useradd."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CAPABILITIES = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")


@dataclass(frozen=True, slots=True)
class UnprivilegedAccount:
    """The command prefix that runs a program under the account, and the uid that owns its files as seen from here."""

    prefix: tuple[str, ...]
    owner_uid: int


def is_usable(prefix: tuple[str, ...]) -> bool:
    """Whether a command can be run behind this prefix."""
    return bool(shutil.which(prefix[0])) and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0


def drop_privileges(
    uid: int | None = None, usable: Callable[[tuple[str, ...]], bool] = is_usable
) -> UnprivilegedAccount | None:
    """The first way that this user can use; None when there is none.

    An ordinary user with an account needs no prefix. Otherwise a user namespace maps this user to an existing account.
    Where namespaces are refused (containers), root switches to that account and keeps only the capability to read its
    own files.
    """
    uid = os.geteuid() if uid is None else uid
    accounts = pwd.getpwall()
    if uid != 0 and any(account.pw_uid == uid for account in accounts):
        return UnprivilegedAccount((), uid)
    other = next((account for account in accounts if account.pw_uid != 0), None)
    if other is None:
        return None
    namespace = ("unshare", "--user", f"--map-user={other.pw_uid}", f"--map-group={other.pw_gid}")
    if usable(namespace):
        return UnprivilegedAccount(namespace, uid)
    switch = ("setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups", *CAPABILITIES)
    if uid == 0 and usable(switch):
        return UnprivilegedAccount(switch, other.pw_uid)
    return None


def change_owner(folder: Path, owner_uid: int) -> None:
    """Makes that user the owner of a folder and all in it, where an earlier start left it to another one."""
    if folder.exists() and folder.stat().st_uid != owner_uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner_uid, -1, follow_symlinks=False)
