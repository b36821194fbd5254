"""`make llm-check`: a small language model on this machine answers a third contender, and one decision is followed.

The model is served by llama.cpp behind the OpenAI-compatible API that agent-openai asks, as a server of the user's own
would be. The arena is a throwaway one on paper. What a model of this size answers is seldom a valid decision; checked
is the way: asked once, every request and answer on the record, the verdict or the reason why there is none, and the
same decision byte for byte out of a replay.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from aicoin_local.testing import Arena, free_block, wait_until
from common.events import AgentDecision, Event
from common.runtime.record.reader import read_recorded

ROOT = Path(__file__).parents[2]
LLM_PYTHON = ROOT / ".venv" / "llm" / "bin" / "python"
SERVER = Path(__file__).with_name("server.py")
CONTENDER = "local"
START_LIMIT_S, DECISION_LIMIT_S = 300.0, 1_800.0
ROW = """
[[contenders]]
id = "local"
name = "Local"
provider = "deepseek"
model = "local"
strategy = "trend-v2"
language = "en"
max_answer_tokens = 300
color = "#7A3FB0"
color_dark = "#C49BFF"
mark = "square"
"""
TERMS = "The default weights are Gemma 3 270M, under the Gemma Terms of Use (GEMMA_TERMS.html in their package)."


def main() -> int:
    parser = argparse.ArgumentParser(prog="make llm-check", description=__doc__)
    parser.add_argument("--model", type=Path, help="another model's GGUF file")
    model = parser.parse_args().model
    print(f"Weights: {model}" if model else TERMS, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, model) as url:
            arena = Arena(folder / "data")
            arena.environment |= settings(folder, url)
            try:
                print("Starting an arena with the contender Local …", flush=True)
                arena.start()
                return follow(arena)
            finally:
                arena.stop()


@contextmanager
def served(folder: Path, model: Path | None) -> Iterator[str]:
    """The base URL of the model's server."""
    port = free_block(1)
    url = f"http://127.0.0.1:{port}"
    with (folder / "llm.log").open("wb") as log:
        command = [str(LLM_PYTHON), str(SERVER), str(port), str(folder), *([str(model)] if model else [])]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(
            "the model's server",
            lambda: is_serving(url, process),
            limit_s=START_LIMIT_S,
            details=lambda: (folder / "llm.log").read_text(encoding="utf-8", errors="replace")[-2000:],
        )
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait(60)


def is_serving(url: str, process: "subprocess.Popen[bytes]") -> bool:
    if process.poll() is not None:
        raise SystemExit(f"the model's server ended with exit code {process.returncode}")
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def settings(folder: Path, url: str) -> dict[str, str]:
    """The arena's settings: the built-in roster with one contender more, and the time that a small machine needs."""
    roster = (ROOT / "libs/common/common/runtime/arena.toml").read_text(encoding="utf-8")
    arena_file = folder / "arena.toml"
    arena_file.write_text(roster + ROW, encoding="utf-8")
    return {
        "ARENA_FILE": str(arena_file),
        "LOCAL_API_KEY": "local",
        "LOCAL_BASE_URL": url,
        "DECISION_INTERVAL_S": "60",
        "DECISION_DEADLINE_S": "600",
        "MAX_DECISION_AGE_MS": "600000",
        "MAX_SNAPSHOT_AGE_MS": "900000",
    }


def follow(arena: Arena) -> int:
    """Prints the way of the first cycle in which the model was asked; 0 when nothing on it is missing."""
    query = (
        "SELECT id, verdict, denial_code FROM ai_decisions WHERE model = %s AND attempts > 0 ORDER BY time_ms LIMIT 1"
    )
    [row] = wait_until("the local model's decision", lambda: arena.rows(query, CONTENDER), limit_s=DECISION_LIMIT_S)
    event = asyncio.run(read_decision(arena.run["database_url"], row["id"]))
    decision = event.data
    assert decision.prompt is not None
    print(f"\ncycle     {event.cycle_id}: asked at {decision.provider_model}")
    print(f"prompt    {len(decision.prompt.system) + len(decision.prompt.user)} characters, {decision.parameters}")
    for call in decision.calls:
        what = call.failure_code or f"{call.usage}: {(call.text or '')[:300]!r}"
        print(f"request   {(call.answered_ms - call.asked_ms) / 1000:.1f} s: {what}")
    print(f"outcome   {decision.outcome}, {decision.failure_code or 'valid'}: {decision.failure_reason or ''}")
    print(f"decision  {decision.decision.model_dump_json() if decision.decision else 'none, nothing is traded'}")
    print(f"verdict   {row['verdict'] or 'none needed'} {row['denial_code'] or ''}")
    replayed = arena.command("replay", "--contender", CONTENDER)
    print(f"replay    {(replayed.stdout.strip() or replayed.stderr).splitlines()[-1]}")
    problems = problems_of(decision, is_replayed=replayed.returncode == 0)
    print("\n" + ("; ".join(problems) or "The decision's way is whole."))
    return 1 if problems else 0


def problems_of(decision: AgentDecision, *, is_replayed: bool) -> list[str]:
    """What is missing on a decision's way."""
    checks = {
        "no request is on the record": bool(decision.calls),
        "the stand-in was asked": not decision.stand_in,
        "the model answered nothing": any(call.text for call in decision.calls),
        "the replay differs": is_replayed,
    }
    return [problem for problem, passes in checks.items() if not passes]


async def read_decision(database_url: str, decision_id: str) -> Event[AgentDecision]:
    """One decision as the record has it."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        recorded = await read_recorded(connection, [decision_id])
    event: Event[AgentDecision] = recorded[decision_id].event()
    return event


if __name__ == "__main__":
    sys.exit(main())
