"""Small facts that outlive a process: a pause, a heartbeat, the last ledger head that was seen."""

import json
from typing import Any

from resurge.state.database import StateDatabase


class Notes:
    """Values are anything JSON can say; the last `put` of a key wins."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def get(self, key: str) -> Any:
        """None, too, where nothing was ever put."""
        rows = self._database.read("SELECT value FROM notes WHERE key = ?", (key,))
        return json.loads(rows[0]["value"]) if rows else None

    def put(self, key: str, value: object) -> None:
        text = json.dumps(value)
        self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO notes VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, text),
            )
        )

    def delete(self, key: str) -> None:
        self._database.run(lambda connection: connection.execute("DELETE FROM notes WHERE key = ?", (key,)))
