-- What became of each approved decision, by span.
CREATE VIEW api_decision_results AS
SELECT decision_id, minutes, wire(result_percent) AS result_percent FROM decision_results WHERE model NOT LIKE '%#%';
