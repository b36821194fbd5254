-- In which mode the account's cash was counted last, and the type of a ledger row of unknown size that isn't explained yet.
ALTER TABLE executor_books ADD COLUMN mode text;
ALTER TABLE executor_books ADD COLUMN unknown_movement text;
