"""The state of the market and what follows from it: coins, candles, cycles, ticks, snapshots.

Pure: no I/O, no clock, no task; times and ids come in as arguments. Knows no name of the exchange's wire.
"""
