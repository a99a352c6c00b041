"""The gate of a visit by video: how it stands, who comes in, and by what address."""
