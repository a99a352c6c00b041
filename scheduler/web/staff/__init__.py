"""The front desk's pages. Start with `members.py` (who is signed in) and `showing.py` (what a page knows)."""
