-- Each contender's ended trades by stated confidence: an array of buckets, see trade_calibration.
CREATE VIEW api_calibrations AS
SELECT model, coalesce(calibration, '[]') AS buckets FROM model_statistics WHERE model NOT LIKE '%#%';
