"""The table of epochs: the rows of one account are set aside when its contender trades another one."""

from typing import Final

from common.runtime.database import Pool
from common.trading.epochs import aside_id

TABLES: Final = (
    "intents",
    "intent_orders",
    "executor_books",
    "executor_book_entries",
    "executor_cursors",
    "executor_flattens",
)
"""Those with a column `model` whose rows belong to an account."""


class EpochStore:
    """The SQL of epochs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def enter(self, model: str, epoch: str) -> bool:
        """Makes this the contender's epoch, in one transaction; True when it had another one.

        The first epoch takes over what is there already: rows of a version that knew only one.
        """
        async with self._pool.connection() as connection:
            query = "SELECT epoch FROM executor_epochs WHERE model = %s"
            row = await (await connection.execute(query, (model,))).fetchone()
            if row is None:
                await connection.execute("INSERT INTO executor_epochs (model, epoch) VALUES (%s, %s)", (model, epoch))
            if row is None or row[0] == epoch:
                return False
            for table in TABLES:
                rename = f"UPDATE {table} SET model = %s WHERE model = %s".encode()  # noqa: S608 - names of TABLES
                await connection.execute(rename, (aside_id(model, row[0]), model))
                await connection.execute(rename, (model, aside_id(model, epoch)))
            await connection.execute("UPDATE executor_epochs SET epoch = %s WHERE model = %s", (epoch, model))
        return True
