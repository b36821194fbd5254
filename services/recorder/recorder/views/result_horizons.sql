-- After how many minutes of market time a decision and the prices are looked at again.
CREATE VIEW result_horizons AS SELECT unnest(ARRAY[5, 15, 60, 240]) AS minutes;
