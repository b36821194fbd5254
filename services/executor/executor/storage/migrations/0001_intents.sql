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
    -- Set once the position that an entry opened is seen to be gone.
    closed_ms bigint,
    created_ms bigint NOT NULL,
    updated_ms bigint NOT NULL
);
CREATE INDEX intents_open ON intents (model, created_ms) WHERE status IN ('STORED', 'SENT', 'IN_FLIGHT');
CREATE INDEX intents_entries ON intents (model, first_sent_ms) WHERE is_entry;
CREATE INDEX intents_recent ON intents (model, updated_ms);
CREATE INDEX intents_held ON intents (model) WHERE is_entry AND closed_ms IS NULL;

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
    -- From this wall time on, an exchange that doesn't know the order has never had it and never will.
    void_after_ms bigint NOT NULL,
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

-- Events that are true and not yet published, written with what made them true; sent in order, then deleted.
CREATE TABLE executor_outbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL,
    body text NOT NULL
);

-- A person's wish to have an account out of the market, until it is.
CREATE TABLE executor_flattens (
    command_id text NOT NULL,
    model text NOT NULL,
    requested_ms bigint NOT NULL,
    done_ms bigint,
    PRIMARY KEY (command_id, model)
);

-- Up to when an account's fills have been taken over.
CREATE TABLE executor_cursors (
    model text PRIMARY KEY,
    fills_until_ms bigint NOT NULL
);
