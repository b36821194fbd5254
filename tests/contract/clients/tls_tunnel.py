"""Leads a client that knows only the exchange's own host names to another address: a proxy that ends their TLS.

The client gets `proxy_url` as its proxy and `certificates` as its certificate authorities (SSL_CERT_FILE).
"""

import asyncio
import contextlib
import ssl
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

HOSTS = ("api.hyperliquid.xyz", "api.hyperliquid-testnet.xyz")
CHUNK = 65_536


def _create_certificates(folder: Path) -> None:
    """An authority of this session's own, and a certificate for the host names."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    names = ",".join(f"DNS:{host}" for host in HOSTS)
    (folder / "names.cnf").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n", encoding="utf-8")
    new = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=session")
    openssl("req", *new, "-keyout", "host.key", "-out", "host.csr", "-subj", f"/CN={HOSTS[0]}")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names.cnf")
    openssl("x509", "-req", "-in", "host.csr", *signing, "-out", "host.pem")


class Tunnel:
    """A proxy on loopback, in a thread of its own until the process ends."""

    def __init__(self, target_url: str, folder: Path) -> None:
        _create_certificates(folder)
        self.certificates = folder / "ca.pem"
        self._target = urlsplit(target_url)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(folder / "host.pem", folder / "host.key")
        self._ready = threading.Event()
        self.proxy_url = ""
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.proxy_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await server.serve_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one CONNECT; the exchange's names lead to the target, any other address to itself."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            head = await reader.readuntil(b"\r\n\r\n")
            host, _, port = head.split()[1].decode().rpartition(":")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            if host in HOSTS:
                await writer.start_tls(self._context)
                host, port = self._target.hostname or "", str(self._target.port)
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer), return_exceptions=True)
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()
    finally:
        target.close()
