"""PostgreSQL refuses to run as root and without an account: how it gets another name, without useradd."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CAPABILITY = "--inh-caps=-all,+dac_override --ambient-caps=-all,+dac_override"


@dataclass(frozen=True, slots=True)
class Disguise:
    """What to put before a command, and who must own its files as seen from here."""

    prefix: tuple[str, ...]
    owner: int


def works(prefix: tuple[str, ...]) -> bool:
    """Whether a command can be run behind this prefix."""
    return bool(shutil.which(prefix[0])) and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0


def disguise(uid: int | None = None, usable: Callable[[tuple[str, ...]], bool] = works) -> Disguise | None:
    """The first way that works for this user; None when there is none.

    An ordinary user needs none. Else a user namespace in which this user has the name of an account that exists, or,
    where namespaces are refused (containers), root becomes that account and keeps only the right to read its own files.
    """
    uid = os.geteuid() if uid is None else uid
    accounts = pwd.getpwall()
    if uid != 0 and any(account.pw_uid == uid for account in accounts):
        return Disguise((), uid)
    other = next((account for account in accounts if account.pw_uid != 0), None)
    if other is None:
        return None
    namespace = ("unshare", "--user", f"--map-user={other.pw_uid}", f"--map-group={other.pw_gid}")
    if usable(namespace):
        return Disguise(namespace, uid)
    become = ("setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups", *CAPABILITY.split())
    if uid == 0 and usable(become):
        return Disguise(become, other.pw_uid)
    return None


def give_to(folder: Path, owner: int) -> None:
    """Makes `owner` the owner of a folder and all in it, where an earlier start left it to another."""
    if folder.exists() and folder.stat().st_uid != owner:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner, -1, follow_symlinks=False)
