"""The life of a message: claimed, fenced, handed over, recorded; each step one short transaction."""
