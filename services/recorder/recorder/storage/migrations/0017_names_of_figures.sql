-- One name per figure; docs/glossary.md has them all.
ALTER TABLE verdicts RENAME COLUMN code TO denial_code;
-- What a position's fills realized before fees and funding, as each fill has it.
ALTER TABLE trades RENAME COLUMN gross_pnl TO closed_pnl;
ALTER TABLE pnl_reconciliations RENAME COLUMN realized_pnl TO closed_pnl;
-- The exchange's margin used: the margin set aside at the entry and the unrealized P&L since.
ALTER TABLE positions RENAME COLUMN initial_margin TO margin_used;
