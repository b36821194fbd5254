-- Why a row of the outbox is no event: it stays for a person to look at, and the rows behind it are published.
ALTER TABLE executor_outbox ADD COLUMN unreadable text;
