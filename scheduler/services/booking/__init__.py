"""Booking a visit: safety questions first, then all rules again, then every row in one transaction."""
