"""The published experiments, as programs: scripts/experiments runs them."""
