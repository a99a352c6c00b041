"""Mail and texts that come in: what they mean for a visit, an address or a number."""
