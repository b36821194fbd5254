-- Market time of the approval, by which days, cooldowns and ages go; of older rows it isn't known.
ALTER TABLE intents ADD COLUMN market_ms bigint;
