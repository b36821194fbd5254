"""An order's life: entry, margin, matching, settlement, close."""
