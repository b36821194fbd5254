-- Each contender's approved entries and exits whose results are known, by span: how many, how many above 0, the mean.
CREATE VIEW api_results AS
SELECT
    model,
    minutes,
    sum(results)::bigint AS results,
    sum(results_right)::bigint AS results_right,
    wire(sum(result_percent) / sum(results)) AS average_result_percent
FROM result_hours
WHERE model NOT LIKE '%#%'
GROUP BY model, minutes;
