"""Each process gets the stores' addresses as its own user, and of the others' nothing."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from aicoin_local.configuration.catalog import service_specs
from aicoin_local.configuration.rights import FILE, Rights, load_passwords
from aicoin_local.configuration.service_settings import settings_of, variables_read
from aicoin_local.process.launch import READS_VARIABLE, environment_of
from common.events.catalog import services_of
from common.runtime.roster import read_roster

ROSTER = read_roster(None)
SERVICES = services_of(ROSTER.ids)
ADMIN = ("redis://admin:secret@127.0.0.1:1/0", "postgresql://aicoin:secret@127.0.0.1:2/aicoin")


def test_passwords_are_private_and_stay(tmp_path: Path) -> None:
    first = load_passwords(tmp_path, SERVICES[:2])
    both = load_passwords(tmp_path, SERVICES)
    assert both.items() >= first.items()
    assert len(set(both.values())) == len(SERVICES)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8")) == load_passwords(tmp_path, SERVICES)


def test_a_process_sees_the_stores_as_its_own_user_alone(tmp_path: Path) -> None:
    rights = Rights(SERVICES, load_passwords(tmp_path, SERVICES), *ADMIN)
    everything = {**rights.addresses(), "PATH": "/bin", "REDIS_PASSWORD": "of compose"}
    for spec in service_specs(ROSTER):
        reads = ",".join(variables_read(spec, ROSTER))
        seen = environment_of(everything | {"AICOIN_PROGRAM": spec.name, READS_VARIABLE: reads})
        stores = {name for name in seen if "_URL" in name}
        assert stores == settings_of(spec, ROSTER) & {"REDIS_URL", "DATABASE_URL"}
        assert all(urlsplit(seen[name]).username in (spec.name, f"aicoin_{spec.name}") for name in stores)
        others = {password for name, password in rights.passwords.items() if name != spec.name} | {"secret"}
        assert not any(password in value for password in others for value in seen.values())
        assert "REDIS_PASSWORD" not in seen


def test_configured_stores_are_left_to_their_administrator(tmp_path: Path) -> None:
    rights = Rights(SERVICES, load_passwords(tmp_path, SERVICES), None, None)
    rights.make()
    given = rights.addresses() | {"REDIS_URL": "redis://mine", "AICOIN_PROGRAM": "risk", "AICOIN_SECRETS": "REDIS_URL"}
    assert environment_of(given)["REDIS_URL"] == "redis://mine"
