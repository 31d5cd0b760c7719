-- Candles that price services kept of the times when this desk did not run, the spans of them
-- that were asked for and answered, and what a live market said as it was heard.

CREATE TABLE candles (
    token TEXT NOT NULL,
    interval INTEGER NOT NULL,
    time INTEGER NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    volume REAL NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (token, interval, time)
) STRICT, WITHOUT ROWID;

-- A span may hold fewer candles than fit into it: nobody traded then.
CREATE TABLE candle_spans (
    token TEXT NOT NULL,
    interval INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (token, interval, since)
) STRICT, WITHOUT ROWID;

-- `cursor` counts market inputs handed over, this one included, so that a recording and the table
-- `commands` can be put in their order. Timers are left out: one came about every second.
CREATE TABLE inputs (
    seq INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body ANY NOT NULL
) STRICT;

CREATE TABLE input_tokens (
    number INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE
) STRICT;
