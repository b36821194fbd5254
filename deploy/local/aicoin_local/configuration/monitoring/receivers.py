"""Alertmanager's receivers by settings, for when the arena's own stores are what fails.

`make env` takes the settings `ALERT_…` and puts the whole configuration of Alertmanager into
`deploy/compose.receivers.json`, a private file that `make up` adds: Alertmanager itself reads no variables. Without
settings deploy/alertmanager/alertmanager.yml holds.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from aicoin_local.settings import ROOT, refuse
from aicoin_local.stores import write_private

FILE: Final = ROOT / "deploy" / "compose.receivers.json"
TARGET: Final = "/receivers.json"
OPTIONS: Final = ("--storage.path=/alertmanager", "--cluster.listen-address=")
BASE: Final = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
WEBHOOK, TELEGRAM_TOKEN, TELEGRAM_CHAT = "ALERT_WEBHOOK_URL", "ALERT_TELEGRAM_TOKEN", "ALERT_TELEGRAM_CHAT"
MAIL_TO, MAIL_FROM, MAIL_HOST = "ALERT_MAIL_TO", "ALERT_MAIL_FROM", "ALERT_MAIL_HOST"
MAIL_USER, MAIL_PASSWORD = "ALERT_MAIL_USER", "ALERT_MAIL_PASSWORD"
RECEIVER_SETTINGS: Final = (
    WEBHOOK,
    TELEGRAM_TOKEN,
    TELEGRAM_CHAT,
    MAIL_TO,
    MAIL_FROM,
    MAIL_HOST,
    MAIL_USER,
    MAIL_PASSWORD,
)
TOGETHER: Final = ((TELEGRAM_TOKEN, TELEGRAM_CHAT), (MAIL_TO, MAIL_FROM, MAIL_HOST))
"""Settings of which none does without the others."""


def receiver_problems(given: Mapping[str, str]) -> list[str]:
    """One line per setting that is missing or unusable."""
    problems = []
    for names in TOGETHER:
        missing = [name for name in names if name not in given]
        if missing and len(missing) < len(names):
            problems += [f"{name}: not set; {' and '.join(names)} belong together" for name in missing]
    if TELEGRAM_CHAT in given and not given[TELEGRAM_CHAT].removeprefix("-").isdigit():
        problems.append(f"{TELEGRAM_CHAT}: must be the chat's number")
    if WEBHOOK in given and not given[WEBHOOK].startswith(("http://", "https://")):
        problems.append(f"{WEBHOOK}: must be an http(s) address")
    return problems


def alertmanager_configuration(given: Mapping[str, str], base: Path = BASE) -> dict[str, Any] | None:
    """Alertmanager's configuration with the receivers of the settings; None without any. Ends the process by a setting
    that can't be used."""
    if problems := receiver_problems(given):
        refuse(problems)
    further = _receivers(given)
    if not further:
        return None
    content: dict[str, Any] = yaml.safe_load(base.read_text(encoding="utf-8"))
    [page] = content["receivers"]
    for kind, receivers in further.items():
        page[kind] = [*page.get(kind, ()), *receivers]
    return content


def write_receivers(given: Mapping[str, str], path: Path = FILE) -> None:
    """Replaces the overlay of compose.monitoring.yaml by the one for these settings; removes it where there are none.

    Only its owner may read it.
    """
    routes = alertmanager_configuration(given)
    if routes is None:
        path.unlink(missing_ok=True)
        return
    alertmanager = {
        "command": [f"--config.file={TARGET}", *OPTIONS],
        "configs": [{"source": "alertmanager", "target": TARGET}],
    }
    # Compose reads a dollar sign as the beginning of a variable.
    configs = {"alertmanager": {"content": json.dumps(routes).replace("$", "$$")}}
    write_private(path, json.dumps({"services": {"alertmanager": alertmanager}, "configs": configs}, indent=2) + "\n")


def _receivers(given: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    if TELEGRAM_TOKEN in given:
        chat = int(given[TELEGRAM_CHAT])
        found["telegram_configs"] = [{"bot_token": given[TELEGRAM_TOKEN], "chat_id": chat, "send_resolved": True}]
    if MAIL_TO in given:
        mail: dict[str, Any] = {"to": given[MAIL_TO], "from": given[MAIL_FROM], "smarthost": given[MAIL_HOST]}
        if MAIL_USER in given:
            mail |= {"auth_username": given[MAIL_USER], "auth_password": given.get(MAIL_PASSWORD, "")}
        found["email_configs"] = [mail | {"send_resolved": True}]
    if WEBHOOK in given:
        found["webhook_configs"] = [{"url": given[WEBHOOK], "send_resolved": True, "max_alerts": 100}]
    return found
