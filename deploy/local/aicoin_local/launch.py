"""Becomes one program, with only the variables that it may see: `python -m aicoin_local.launch NAME COMMAND …`."""

import os
import sys

from aicoin_local.catalog import SERVICES, environment_of

KEPT_FOR_STORES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "AICOIN_DATA_DIR")


def main() -> None:
    """Replaces this process by the command; secrets stay off command lines and out of files."""
    name, *command = sys.argv[1:]
    spec = next((spec for spec in SERVICES if spec.name == name), None)
    if spec is None:
        environment = {key: os.environ[key] for key in KEPT_FOR_STORES if key in os.environ} | {"AICOIN_PROGRAM": name}
    else:
        environment = environment_of(spec, os.environ)
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    main()
