-- What was gained by buying at the first account's start and holding since.
CREATE VIEW api_benchmarks AS SELECT name, wire((growth - 1) * 100) AS return_percent FROM benchmarks;
