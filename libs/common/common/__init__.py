"""What every service agrees on: trading ← events ← bus ← runtime ← agent, each importing only those to its left."""
