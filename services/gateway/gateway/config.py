"""Settings of the gateway."""

import ipaddress
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, create_model, field_validator

from common.runtime.database import DatabaseUrl
from common.runtime.settings import ServiceSettings
from common.trading.roster import Roster

ORIGIN = re.compile(r"https?://[^/\s]+")
HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
MIN_TOKEN_BYTES = 32
WEB_DIR = Path(__file__).parents[1] / "web" / "dist"


def check_networks(value: str) -> str:
    """The comma list, if each part is an address or a network. Raises ValueError."""
    for part in filter(None, map(str.strip, value.split(","))):
        try:
            ipaddress.ip_network(part)
        except ValueError:
            raise ValueError("must be a comma list of addresses and networks, such as 10.0.0.0/8") from None
    return value


class GatewaySettings(ServiceSettings):
    """`control_token` enables the control routes, `alert_token` Alertmanager's webhook. `resume_token` is the right to
    resume, which then `control_token` doesn't give; with real money there is no resume over HTTP without it.

    With `read_token` nothing is served without it.

    `allowed_origins` are further origins of WebSocket clients, `allowed_hosts` further names under which browsers reach
    the arena. Of `proxy_addresses` (addresses, networks) the header X-Forwarded-For is believed.
    """

    database_url: DatabaseUrl
    gateway_port: int = Field(8080, ge=0, le=65535)
    gateway_web_dir: Path = WEB_DIR
    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    decision_interval_s: int = Field(60, ge=5, le=86_400)
    daily_cost_cap_usd: Decimal = Field(Decimal(20), ge=0)
    paper_start_balance: Decimal = Field(Decimal(10_000), gt=0)
    control_token: SecretStr | None = None
    resume_token: SecretStr | None = None
    alert_token: SecretStr | None = None
    read_token: SecretStr | None = None
    allowed_origins: str = ""
    allowed_hosts: str = ""
    proxy_addresses: Annotated[str, AfterValidator(check_networks)] = ""
    max_connections_per_address: int = Field(20, ge=1, le=10_000)
    price_push_interval_ms: int = Field(100, ge=20, le=5_000)

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        """An origin in a form that no browser sends would match no client, without any sign of it."""
        for origin in filter(None, map(str.strip, value.split(","))):
            if not ORIGIN.fullmatch(origin):
                raise ValueError("must be a comma list of origins such as https://arena.example, without a path")
        return value

    @field_validator("control_token", "resume_token", "alert_token", "read_token")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MIN_TOKEN_BYTES:
            raise ValueError(f"is shorter than {MIN_TOKEN_BYTES} bytes; make one: openssl rand -hex 32")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _are_names(cls, value: str) -> str:
        for name in filter(None, map(str.strip, value.split(","))):
            if not HOST_NAME.fullmatch(name):
                raise ValueError("must be a comma list of names such as arena.example, without scheme and port")
        return value

    @property
    def hosts(self) -> frozenset[str]:
        """The names of this arena: those that are set, and those of the allowed origins."""
        origins = (urlsplit(origin).hostname for origin in self.origins)
        named = (name.strip().lower() for name in self.allowed_hosts.split(","))
        return frozenset(filter(None, (*origins, *named)))

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(origin.strip() for origin in self.allowed_origins.split(",") if origin.strip())

    def configured_model(self, contender_id: str) -> str | None:
        """The provider's model that `<ID>_MODEL` or the roster names; None leaves it to the agent."""
        configured: str | None = getattr(self, _field(contender_id), None)
        return configured


def gateway_settings(roster: Roster) -> type[GatewaySettings]:
    """The settings with `<ID>_MODEL` for each contender of the roster."""
    fields: dict[str, Any] = {_field(each.id): (str | None, each.model) for each in roster.contenders}
    return create_model("RosterGatewaySettings", __base__=GatewaySettings, **fields)


def _field(contender_id: str) -> str:
    return f"{contender_id}_model"
