-- Returns and drawdowns are time-weighted. `growth` is what a dollar of the start balance has become, whatever was moved
-- in or out; `peak_growth` the highest one of every state so far. `anchor_growth` was reached when the account held
-- `anchor_equity`, after its last transfer: see common.trading.growth.
CREATE FUNCTION multiply_rounded(a numeric, b numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN round(a * b, 24);
CREATE AGGREGATE product (numeric) (SFUNC = multiply_rounded, STYPE = numeric, INITCOND = '1');

ALTER TABLE account_snapshots ADD COLUMN growth numeric, ADD COLUMN peak_growth numeric;
-- Without a transfer growth is equity by start balance; else it is chained from one recorded state to the next.
UPDATE account_snapshots s SET growth = g.growth, peak_growth = greatest(g.growth, g.peak_growth) FROM (
    SELECT
        model,
        time_ms,
        CASE
            WHEN start_balance < 0.01 THEN 1
            WHEN moved = 0 THEN greatest(0, equity) / start_balance
            ELSE product(ratio) OVER until_now
        END AS growth,
        CASE
            WHEN start_balance < 0.01 THEN 1
            WHEN moved = 0 THEN peak / start_balance
            ELSE 0
        END AS peak_growth
    FROM (
        SELECT
            r.*,
            a.start_balance,
            max(abs(r.transfers)) OVER (PARTITION BY r.model) AS moved,
            CASE
                WHEN lag(r.equity) OVER states < 0.01 THEN 1
                ELSE greatest(0, r.equity - r.transfers + lag(r.transfers, 1, 0) OVER states)
                    / coalesce(lag(r.equity) OVER states, greatest(0.01, a.start_balance))
            END AS ratio
        FROM account_snapshots r JOIN accounts a USING (model)
        WINDOW states AS (PARTITION BY r.model ORDER BY r.time_ms)
    ) ratios
    WINDOW until_now AS (PARTITION BY model ORDER BY time_ms)
) g WHERE g.model = s.model AND g.time_ms = s.time_ms;
UPDATE account_snapshots s SET peak_growth = p.peak_growth FROM (
    SELECT model, time_ms, max(peak_growth) OVER (PARTITION BY model ORDER BY time_ms) AS peak_growth
    FROM account_snapshots
) p WHERE p.model = s.model AND p.time_ms = s.time_ms;
ALTER TABLE account_snapshots
    DROP COLUMN peak,
    ALTER COLUMN growth SET NOT NULL,
    ALTER COLUMN peak_growth SET NOT NULL;
DROP AGGREGATE product (numeric);
DROP FUNCTION multiply_rounded;

ALTER TABLE accounts
    ADD COLUMN growth numeric NOT NULL DEFAULT 1,
    ADD COLUMN anchor_growth numeric NOT NULL DEFAULT 1,
    ADD COLUMN anchor_equity numeric NOT NULL DEFAULT 0,
    ADD COLUMN peak_growth numeric NOT NULL DEFAULT 1;
UPDATE accounts a SET growth = n.growth, anchor_growth = n.growth, anchor_equity = a.equity,
    peak_growth = greatest(n.growth, n.peak_growth)
FROM (
    SELECT
        s.model,
        CASE
            WHEN s.equity < 0.01 THEN s.growth
            WHEN s.transfers = 0 AND o.transfers = 0 AND o.start_balance >= 0.01 AND s.growth = s.equity / o.start_balance
                THEN greatest(0, o.equity) / o.start_balance
            ELSE s.growth * greatest(0, o.equity - o.transfers + s.transfers) / s.equity
        END AS growth,
        CASE WHEN o.start_balance >= 0.01 AND o.transfers = 0 AND s.transfers = 0
            THEN greatest(s.peak_growth, o.peak / o.start_balance) ELSE s.peak_growth END AS peak_growth
    FROM (SELECT DISTINCT ON (model) * FROM account_snapshots ORDER BY model, time_ms DESC) s JOIN accounts o USING (model)
) n WHERE n.model = a.model;
ALTER TABLE accounts DROP COLUMN peak;

ALTER TABLE equity_hours ADD COLUMN growth numeric;
UPDATE equity_hours h SET growth = s.growth, drawdown = s.drawdown, drawdown_ms = s.drawdown_ms FROM (
    SELECT
        model,
        time_ms / 3600000 * 3600000 AS hour_ms,
        (array_agg(growth ORDER BY time_ms DESC))[1] AS growth,
        max(fall) AS drawdown,
        (array_agg(time_ms ORDER BY fall DESC, time_ms))[1] AS drawdown_ms
    FROM (
        SELECT *, CASE WHEN peak_growth > 0 THEN 1 - growth / peak_growth ELSE 0 END AS fall FROM account_snapshots
    ) falls
    GROUP BY 1, 2
) s WHERE s.model = h.model AND s.hour_ms = h.hour_ms;
UPDATE equity_hours SET growth = 1 WHERE growth IS NULL;
ALTER TABLE equity_hours ALTER COLUMN growth SET NOT NULL;
