"""Rooms of visits by video: which ones there should be, and asking the vendor for them."""
