"""From one snapshot to one decision: prompt, provider, strict parsing, one deadline. Shared by all agents."""
