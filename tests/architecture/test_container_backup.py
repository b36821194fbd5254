"""The commands of docs/backup.md for containers: they name what compose.yaml has, and what they pack they unpack."""

import re
import shlex
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "backup.md").read_text(encoding="utf-8"), re.M | re.S)
COMMANDS = [
    shlex.split(line)
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("docker ")
]
NOT_OF_THE_ARENA = {"capture"}
"""The recorded market."""
FILES = {"postgres": 0o600, "redis": 0o640, "executor": 0o644, "simulator": 0o600}


def of(kind: str) -> list[list[str]]:
    return [command for command in COMMANDS if command[:2] == ["docker", kind]]


def mounts(command: list[str]) -> dict[str, str]:
    """What each place in the container is."""
    given = [value for flag, value in pairwise(command) if flag == "-v"]
    return {place: source for source, place in (each.removesuffix(":ro").rsplit(":", 1) for each in given)}


def inner(command: list[str], folders: dict[str, Path]) -> list[str]:
    """What runs in the container, with these folders for its places, and this machine's tools."""
    words = command[command.index("alpine") + 1 :]
    busybox = shutil.which("busybox")
    text = [re.sub(r"/(all|to|from)\b", lambda found: str(folders[found[0]]), word) for word in words]
    if text[0] == "sh":
        return [*text[:2], text[2].replace("tar ", f"{busybox} tar " if busybox else "tar ")]
    return [*([busybox] if busybox else []), *text]


def test_both_commands_name_every_volume_of_the_arena() -> None:
    volumes = {f"{COMPOSE['name']}_{name}": f"/all/{name}" for name in set(COMPOSE["volumes"]) - NOT_OF_THE_ARENA}
    pack, unpack = of("run")
    for command in (pack, unpack):
        named = {source: place for place, source in mounts(command).items() if source != "$PWD"}
        assert named == volumes
    assert all(f"{source}:{place}:ro" in pack for source, place in volumes.items())


def test_what_is_packed_is_unpacked_with_its_rights(tmp_path: Path) -> None:
    before, file, after = tmp_path / "before", tmp_path / "file", tmp_path / "after"
    for name, mode in FILES.items():
        (before / name).mkdir(parents=True, mode=0o700)
        (after / name).mkdir(parents=True)
        (before / name / "content").write_text(name, encoding="utf-8")
        (before / name / "content").chmod(mode)
    file.mkdir()
    pack, unpack = of("run")
    subprocess.run(inner(pack, {"/all": before, "/to": file}), check=True)
    [packed] = file.iterdir()
    assert packed.stat().st_mode & 0o777 == 0o600, "it holds keys"
    subprocess.run(inner(unpack, {"/all": after, "/from": file}), check=True)
    for name, mode in FILES.items():
        content = after / name / "content"
        assert (content.read_text(encoding="utf-8"), content.stat().st_mode & 0o777) == (name, mode)
        assert (after / name).stat().st_mode & 0o777 == 0o700


def test_the_dump_is_of_the_database_that_compose_makes() -> None:
    [command] = of("compose")
    words = command[command.index("exec") :]
    service = COMPOSE["services"][words[2]]
    dump = words[3 : words.index(">")]
    user, database = service["environment"]["POSTGRES_USER"], service["environment"]["POSTGRES_DB"]
    assert dump == ["pg_dump", "-U", user, "-Fc", database]


@pytest.mark.parametrize("service", ["postgres", "redis", "executor", "simulator"])
def test_the_volume_of_a_service_is_its_data_folder(service: str) -> None:
    found = COMPOSE["services"][service]
    place = {"postgres": "/var/lib/postgresql/data"}.get(service, "/data")
    assert f"{service}:{place}" in found["volumes"]
