"""Becomes one program, with only the variables that it may see: `python -m aicoin_local.process.launch COMMAND …`.

supervisord holds every secret in its environment, so that none stands in a file or on a command line. `AICOIN_READS`
names the variables that a service reads. A store has no such variable, and sees nothing but the system's.
"""

import os
import sys
from collections.abc import Mapping

from aicoin_local.configuration.visibility import OF_THE_SYSTEM, own_addresses, visible_variables

READS_VARIABLE = "AICOIN_READS"


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """The program's own environment."""
    if READS_VARIABLE not in variables:
        return {name: variables[name] for name in OF_THE_SYSTEM if name in variables}
    own = own_addresses(variables["AICOIN_PROGRAM"], variables)
    return visible_variables(variables[READS_VARIABLE].split(","), own)


def main() -> None:
    """Replaces this process by the command."""
    command = sys.argv[1:]
    os.execvpe(command[0], command, environment_of(os.environ))


if __name__ == "__main__":
    main()
