"""`aicoin arm-mainnet`: a person confirms real money, by hand or, on a server, by naming the cap once more."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.runtime.settings import load_settings
from executor.cli.account_command import refuse
from executor.config import ADDRESS
from executor.storage.confirmations import Confirmation, write_confirmation


class ArmSettings(BaseSettings):
    """The accounts and the cap that are to be confirmed."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    hyperliquid_account_address_deepseek: str = Field(pattern=ADDRESS)
    hyperliquid_account_address_qwen: str = Field(pattern=ADDRESS)
    aicoin_mainnet_cap_usd: Decimal = Field(gt=0)
    executor_data_dir: Path = Path(".aicoin/executor")


def arm_mainnet(
    cap_usd: Annotated[str, typer.Option(help="Confirms without asking; must equal AICOIN_MAINNET_CAP_USD.")] = "",
) -> None:
    """Confirms that these accounts may trade real money, up to the cap per order."""
    settings = load_settings("aicoin", ArmSettings)
    accounts = [settings.hyperliquid_account_address_deepseek, settings.hyperliquid_account_address_qwen]
    cap = f"{settings.aicoin_mainnet_cap_usd:f}"
    typer.echo("REAL MONEY. Two language models will trade these accounts without asking anybody:")
    for account in accounts:
        typer.echo(f"  {account}")
    typer.echo(f"Each entry may be worth up to {cap} USD; losses can be total.")
    answer = cap_usd or typer.prompt("Type the cap in USD to confirm", default="", show_default=False)
    if answer.strip() != cap:
        refuse(f"AICOIN_MAINNET_CAP_USD: {answer.strip()!r} is not {cap}; nothing is armed")
    confirmed = Confirmation([account.lower() for account in accounts], settings.aicoin_mainnet_cap_usd)
    write_confirmation(settings.executor_data_dir, confirmed, datetime.now(UTC).isoformat(timespec="seconds"))
    typer.echo("confirmed; another cap or another account needs another confirmation")


if __name__ == "__main__":
    os.umask(0o077)
    typer.run(arm_mainnet)
