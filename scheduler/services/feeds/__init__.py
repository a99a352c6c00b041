"""Calendars that others subscribe to."""
