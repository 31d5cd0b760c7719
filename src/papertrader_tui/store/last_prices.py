"""The last price that an account saw of each token."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

# A bare column beside max() is that of the row that holds the maximum (SQLite's own rule).
_LAST = """
SELECT token, max(time), price FROM (
    SELECT token, max(time) AS time, price FROM prices GROUP BY token
    UNION ALL SELECT token, max(time), CAST(close AS TEXT) FROM prices_1m GROUP BY token
    UNION ALL SELECT token, max(time), CAST(close AS TEXT) FROM prices_1h GROUP BY token
) GROUP BY token ORDER BY token
"""


def last_prices(connection: sqlite3.Connection) -> list[tuple[str, int, Decimal]]:
    """Token, market milliseconds and price in USDC of each token that was ever priced.

    What is only kept as a candle of a minute or an hour any more is its close, as of its start.
    """
    return [(token, time, Decimal(price)) for token, time, price in connection.execute(_LAST)]
