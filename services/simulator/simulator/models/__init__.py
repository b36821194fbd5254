"""Labelled stand-ins for DeepSeek and DashScope: their protocols, answered by a rule-based trader."""
