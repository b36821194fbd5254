"""The model stand-ins: DeepSeek's and DashScope's endpoints, answered by a rule-based trader."""
