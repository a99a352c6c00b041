"""Patients and whoever else hears of a visit: who they are, what they need and agreed to, their links."""
