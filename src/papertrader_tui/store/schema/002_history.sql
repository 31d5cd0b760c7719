-- Prices older than a day become candles of a minute, and later of an hour; and the indexes that
-- charts, exports and screens read by.

CREATE TABLE prices_1m (
    token TEXT NOT NULL,
    time INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    volume REAL NOT NULL,
    PRIMARY KEY (token, time)
) STRICT, WITHOUT ROWID;

CREATE TABLE prices_1h (
    token TEXT NOT NULL,
    time INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    volume REAL NOT NULL,
    PRIMARY KEY (token, time)
) STRICT, WITHOUT ROWID;

CREATE INDEX journal_kind ON journal (kind, seq);
CREATE INDEX orders_token ON orders (token, time);
CREATE INDEX decisions_token ON decisions (token, time);
CREATE INDEX fills_token ON fills (token, time);
CREATE INDEX equity_time ON equity (time);
