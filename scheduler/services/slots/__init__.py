"""Time: what is free and who would give it; claimed under locks, held for a while, shifted."""
