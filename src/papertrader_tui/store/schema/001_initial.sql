-- Times are market milliseconds since 1970 UTC; amounts and prices are exact decimals as TEXT.
-- Facts are append-only: `journal` and `decisions` share one gapless sequence, `seq`.  The tables
-- orders, fills, entries, balances, positions and equity follow from them and are written in the
-- same transaction, so that they can be queried; `papertrader verify` compares them.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    token TEXT,
    body TEXT NOT NULL
) STRICT;

-- A decision that came again has the same id and a later seq: the latest row of an id counts.
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY,
    event_time INTEGER NOT NULL,
    id TEXT NOT NULL,
    time INTEGER NOT NULL,
    token TEXT NOT NULL,
    action TEXT NOT NULL,
    confidence TEXT NOT NULL,
    risk TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    level INTEGER NOT NULL,
    level_name TEXT NOT NULL,
    size_usd TEXT NOT NULL,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    price TEXT NOT NULL,
    source TEXT NOT NULL,
    price_age_ms INTEGER NOT NULL,
    repeats INTEGER NOT NULL,
    stop TEXT,
    quantity TEXT NOT NULL,
    targets TEXT NOT NULL,
    missing TEXT NOT NULL,
    factors TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_id ON decisions (id, seq);

CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,
    token TEXT NOT NULL,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    status TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX orders_accepted ON orders (accepted);

CREATE TABLE fills (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    status TEXT NOT NULL,
    order_id TEXT NOT NULL,
    token TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    origin TEXT NOT NULL,
    quantity TEXT NOT NULL,
    cash TEXT NOT NULL,
    price TEXT NOT NULL,
    reference_price TEXT NOT NULL,
    reference_source TEXT NOT NULL,
    drift TEXT NOT NULL,
    lp_fee TEXT NOT NULL,
    impact TEXT NOT NULL,
    gas TEXT NOT NULL,
    gas_units TEXT NOT NULL,
    gas_price_wei TEXT NOT NULL,
    l1_fee_wei TEXT NOT NULL,
    native_usd TEXT NOT NULL,
    gas_source TEXT NOT NULL,
    fidelity TEXT NOT NULL,
    cost TEXT NOT NULL,
    realized TEXT NOT NULL,
    decision TEXT,
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    time INTEGER NOT NULL,
    account TEXT NOT NULL,
    token TEXT,
    amount TEXT NOT NULL,
    PRIMARY KEY (seq, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
    account TEXT PRIMARY KEY,
    amount TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
    token TEXT PRIMARY KEY,
    quantity TEXT NOT NULL,
    cost TEXT NOT NULL,
    bought TEXT NOT NULL,
    realized TEXT NOT NULL,
    lp_fees TEXT NOT NULL,
    impact TEXT NOT NULL,
    gas TEXT NOT NULL,
    opened INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE equity (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    initial TEXT NOT NULL,
    equity TEXT NOT NULL,
    cash TEXT NOT NULL,
    holdings TEXT NOT NULL,
    realized TEXT NOT NULL,
    unrealized TEXT NOT NULL,
    lp_fees TEXT NOT NULL,
    impact TEXT NOT NULL,
    gas TEXT NOT NULL,
    exposure TEXT NOT NULL,
    trades INTEGER NOT NULL,
    decisions INTEGER NOT NULL,
    reconciled INTEGER NOT NULL
) STRICT;

-- Each time the desk is opened to write: where its market stood, and its first fact.
CREATE TABLE sessions (
    session INTEGER PRIMARY KEY,
    cursor INTEGER NOT NULL,
    first_seq INTEGER NOT NULL
) STRICT;

-- What people and scripts told the desk: `cursor` market inputs had been stepped before it.
CREATE TABLE commands (
    number INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (session),
    cursor INTEGER NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cursor INTEGER NOT NULL,
    time INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- Raw prices, for charts; `volume` in USDC, negative if unknown.
CREATE TABLE prices (
    token TEXT NOT NULL,
    time INTEGER NOT NULL,
    price TEXT NOT NULL,
    volume REAL NOT NULL,
    PRIMARY KEY (token, time)
) STRICT, WITHOUT ROWID;
