-- The newest link of each chain of the record, to be noted elsewhere: later audits are compared with it.
CREATE VIEW api_record_heads AS
SELECT
    chain,
    sequence,
    encode(link, 'hex') AS link
FROM record_heads
WHERE sequence > 0;
