"""Exit code 0 when this container's service is ready; else its reasons on stdout. Imports the standard library only."""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 4


def main() -> int:
    """Asks the service's own /readyz."""
    url = f"http://127.0.0.1:{os.environ.get('METRICS_PORT', '9100')}/readyz"
    try:
        # A proxy of the environment, as Docker may set one in every container, is not for this.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=TIMEOUT_S):
            return 0
    except urllib.error.HTTPError as error:
        print(error.read().decode(errors="replace"))
    except OSError as error:
        print(f"{url}: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
