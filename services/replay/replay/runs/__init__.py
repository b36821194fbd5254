"""What a replay does with recorded cycles: compare them byte for byte, or ask a model about them again."""
