ALTER TABLE ai_decisions DROP COLUMN refused_answers, DROP COLUMN leniencies;
ALTER TABLE verdicts DROP COLUMN ignored_stops;
ALTER TABLE positions DROP COLUMN high_mark_price, DROP COLUMN low_mark_price;
DROP INDEX trades_closed;
