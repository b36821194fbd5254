-- The sums of a duel are kept per hour: with each answer only the sixty cycles of its hour are summed again. The recorder
-- fills in what is missing when it starts.
DELETE FROM duel_days;
DELETE FROM result_days;
ALTER TABLE duel_days RENAME TO duel_hours;
ALTER TABLE duel_hours RENAME COLUMN day_ms TO hour_ms;
ALTER INDEX duel_days_pkey RENAME TO duel_hours_pkey;
ALTER TABLE result_days RENAME TO result_hours;
ALTER TABLE result_hours RENAME COLUMN day_ms TO hour_ms;
ALTER INDEX result_days_pkey RENAME TO result_hours_pkey;
