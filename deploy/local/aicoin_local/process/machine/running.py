"""An arena that runs here: its processes, their readiness, and the page."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from aicoin_local.configuration.runfile import read_run
from aicoin_local.process.machine.findings import Finding, good, problem
from aicoin_local.process.readiness import program_state
from aicoin_local.process.supervise import Supervisor
from aicoin_local.settings import LocalSettings

LOGS = "make logs SERVICE={name} shows why"


def running_findings(settings: LocalSettings) -> Iterator[Finding]:
    """Each program of the arena that is not as it should be, or one line for all of them; then the page."""
    supervisor = Supervisor(settings.data_dir)
    if not supervisor.is_alive():
        yield problem("services", "the launcher runs, but not its supervisor", "make stop, then make run")
        return
    run = read_run(settings.data_dir) or {}
    ports = {name: urlsplit(row["metrics_url"]).port for name, row in run.get("services", {}).items()}
    infos = supervisor.all_info()
    unready = 0
    for name, info in infos.items():
        state, why = program_state(info, ports.get(name))
        if why is not None:
            unready += 1
            yield problem(name, f"{state}: {why}", LOGS.format(name=name))
    if not unready:
        yield good("services", f"all {len(infos)} run and are ready")
    yield _page(run.get("gateway_url", settings.gateway_url))


def _page(url: str) -> Finding:
    try:
        httpx.get(f"{url}/healthz", timeout=5, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        return problem("page", f"{url} does not answer: {error}", LOGS.format(name="gateway"))
    return good("page", url)
