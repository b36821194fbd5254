/** The six coins, in the order they are shown. */
export const COINS: readonly string[] = ["BTC", "ETH", "SOL", "BNB", "DOGE", "XRP"];
