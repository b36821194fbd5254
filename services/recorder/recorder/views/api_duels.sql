-- The running score of each two contenders, by span: over the cycles that both answered how often they agreed; over
-- those in which one of them did something, and whose results are known, who was right.
CREATE VIEW api_duels AS
SELECT
    model,
    rival,
    minutes,
    sum(cycles)::bigint AS cycles,
    sum(agreed)::bigint AS agreed,
    sum(acted)::bigint AS acted,
    sum(acted_agreed)::bigint AS acted_agreed,
    sum(known)::bigint AS known,
    sum(model_right)::bigint AS model_right,
    sum(rival_right)::bigint AS rival_right
FROM duel_hours
WHERE model NOT LIKE '%#%' AND rival NOT LIKE '%#%'
GROUP BY model, rival, minutes;
