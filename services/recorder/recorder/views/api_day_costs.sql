-- What each contender's decisions of a UTC day (its begin in ms) have cost, USD.
CREATE VIEW api_day_costs AS
SELECT model, day_ms, wire(cost_usd) AS cost_usd FROM decision_days WHERE model NOT LIKE '%#%';
