"""Webhooks: who gets them, what became of them, and sending them again."""
