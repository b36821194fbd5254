"""What a model is shown: its strategy, the rules with their figures, market, account and memory.

Pure, except that `strategy` reads the strategies' texts.
"""
