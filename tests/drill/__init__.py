"""The alert drill: what should alert is provoked in a running arena, and seen at a webhook outside it."""
