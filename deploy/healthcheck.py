"""Exit code 0 when this container's service is ready, or stands by for another instance; else its reasons on stdout.

Imports the standard library only.
"""

import json
import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 4
STANDBY = "standing by"
"""How the reason begins while another instance holds the lease (`common/runtime/consuming/session_loop.py`)."""


def main() -> int:
    """Asks the service's own /readyz."""
    url = f"http://127.0.0.1:{os.environ.get('METRICS_PORT', '9100')}/readyz"
    try:
        # A proxy of the environment, as Docker may set one in every container, is not for this.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=TIMEOUT_S):
            return 0
    except urllib.error.HTTPError as error:
        body = error.read().decode(errors="replace")
        if _stands_by(body):
            return 0
        print(body)
    except OSError as error:
        print(f"{url}: {error}")
    return 1


def _stands_by(body: str) -> bool:
    """Whether another instance owns what this one waits for; until then it knows nothing else either."""
    try:
        return str(json.loads(body)["reasons"]["lease"]).startswith(STANDBY)
    except (ValueError, KeyError, TypeError):
        return False


if __name__ == "__main__":
    sys.exit(main())
