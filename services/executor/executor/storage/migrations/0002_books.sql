-- What moved each account's cash since the arena began with it, from the exchange's own record.
CREATE TABLE executor_books (
    model text PRIMARY KEY,
    since_ms bigint NOT NULL,
    start_cash_usd numeric NOT NULL,
    closed_pnl_usd numeric NOT NULL DEFAULT 0,
    fees_usd numeric NOT NULL DEFAULT 0,
    funding_usd numeric NOT NULL DEFAULT 0,
    transfers_usd numeric NOT NULL DEFAULT 0,
    -- Up to when funding and transfers have been taken over.
    movements_until_ms bigint NOT NULL
);

-- What has entered the sums already: the same record is read more than once.
CREATE TABLE executor_book_entries (
    id text PRIMARY KEY,
    model text NOT NULL,
    time_ms bigint NOT NULL
);
