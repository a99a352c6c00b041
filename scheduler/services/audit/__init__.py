"""The audit as a chain: what was written down cannot be changed unnoticed."""
