"""Who did what: written down, read, and chained, so that it cannot be changed unnoticed."""
