"""A practitioner's other calendars: asked now and then, kept as busy time, and never on a booking's way."""
