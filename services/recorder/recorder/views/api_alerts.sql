-- What the page OPERATIONS lists.
CREATE VIEW api_alerts AS
SELECT id, code, severity, service, model, message, time_ms FROM alerts
WHERE (model IS NULL OR model NOT LIKE '%#%');
