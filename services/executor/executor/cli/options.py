"""The options that commands have in common."""

from typing import Annotated

import typer

OptionalModel = Annotated[str | None, typer.Option("--model", help="Whose account, by id; all when left out.")]
