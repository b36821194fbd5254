"""Until when the certificate of an https address is valid, as a browser would be shown it."""

import asyncio
import ssl
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

LIMIT_S: Final = 20.0
HTTPS_PORT: Final = 443


class NoCertificate(Exception):
    """The address shows no certificate that can be read."""


async def certificate_end_s(url: str) -> float:
    """Unix time in seconds at which the certificate ends. It is read, not checked: one that has ended counts too.

    Raises NoCertificate.
    """
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(LIMIT_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or HTTPS_PORT, ssl=context)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp()
    except (OSError, ValueError) as error:
        raise NoCertificate(str(error) or type(error).__name__) from error
