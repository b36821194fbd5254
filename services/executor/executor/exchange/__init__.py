"""Everything that speaks Hyperliquid's wire format: requests, signatures, answers, the account's stream."""
