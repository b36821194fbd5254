"""From one snapshot to one decision: prompt, model, strict parsing, one deadline. Shared by both agents."""
