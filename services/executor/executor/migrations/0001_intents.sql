-- What we mean to do, stored before it is done; `status` per docs of the order's life.
CREATE TABLE intents (
    intent_id text PRIMARY KEY,
    model text NOT NULL,
    leg text NOT NULL,
    symbol text NOT NULL,
    decision_id text NOT NULL,
    cycle_id text,
    is_entry boolean NOT NULL,
    reduce_only boolean NOT NULL,
    status text NOT NULL CHECK (status IN
        ('STORED', 'SENT', 'IN_FLIGHT', 'RESTING', 'PARTIAL', 'FILLED', 'REJECTED', 'CANCELLED')),
    reason text,
    intent jsonb NOT NULL,
    nonce bigint,
    signed_action bytea,
    expires_after_ms bigint,
    valid_until_ms bigint,
    first_sent_ms bigint,
    filled_size_coin numeric NOT NULL DEFAULT 0,
    average_price numeric,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL
);
CREATE INDEX intents_open ON intents (model, created_ms) WHERE status IN ('STORED', 'SENT', 'IN_FLIGHT');
CREATE INDEX intents_entries ON intents (model, first_sent_ms) WHERE is_entry;
CREATE INDEX intents_recent ON intents (model, updated_ms);

-- Every order that an intent may become on the exchange, by the client order id that we gave it.
CREATE TABLE intent_orders (
    client_order_id text PRIMARY KEY,
    intent_id text NOT NULL REFERENCES intents (intent_id),
    model text NOT NULL,
    role text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    size_coin numeric NOT NULL,
    price numeric NOT NULL,
    trigger_price numeric,
    reduce_only boolean NOT NULL,
    order_id bigint,
    final_status text
);
CREATE INDEX intent_orders_by_order ON intent_orders (model, order_id);
CREATE INDEX intent_orders_open ON intent_orders (model) WHERE final_status IS NULL;

-- The send log: when which bytes left, and what came back.
CREATE TABLE intent_sends (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intent_id text NOT NULL,
    purpose text NOT NULL,
    nonce bigint NOT NULL,
    sent_ms bigint NOT NULL,
    answered_ms bigint,
    outcome text
);
CREATE INDEX intent_sends_by_intent ON intent_sends (intent_id);

-- Up to when an account's fills have been published.
CREATE TABLE executor_cursors (
    model text PRIMARY KEY,
    fills_until_ms bigint NOT NULL
);
