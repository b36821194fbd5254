"""Becomes one program, with only the variables that it may see: `python -m aicoin_local.process.launch COMMAND …`.

supervisord holds every secret in its environment, so that none stands in a file or on a command line. `AICOIN_SECRETS`
names those that a service may see. A store has no such variable, and sees nothing but `KEPT_FOR_STORES`.
"""

import os
import sys
from collections.abc import Mapping

from aicoin_local.configuration.visibility import own_addresses, visible_variables

SECRETS_VARIABLE = "AICOIN_SECRETS"
KEPT_FOR_STORES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "AICOIN_DATA_DIR", "AICOIN_PROGRAM")


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """The program's own environment."""
    if SECRETS_VARIABLE not in variables:
        return {name: variables[name] for name in KEPT_FOR_STORES if name in variables}
    secrets = tuple(prefix for prefix in variables[SECRETS_VARIABLE].split(",") if prefix)
    visible = visible_variables(secrets, own_addresses(variables["AICOIN_PROGRAM"], variables))
    del visible[SECRETS_VARIABLE]
    return visible


def main() -> None:
    """Replaces this process by the command."""
    command = sys.argv[1:]
    os.execvpe(command[0], command, environment_of(os.environ))


if __name__ == "__main__":
    main()
