"""Becomes one program with the environment kept for it in a private file, so that no secret is on a command line."""

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Reads {"command", "environment"} from the private file and replaces this process."""
    kept = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    os.execve(kept["command"][0], kept["command"], kept["environment"])


if __name__ == "__main__":
    main()
