"""One account's work: send intents, reconcile with the exchange, protect positions, explain the cash."""
