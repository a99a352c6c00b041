"""Mail that comes in: what it means for a visit or an address."""
