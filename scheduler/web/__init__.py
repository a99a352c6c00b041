"""How people ask: pages that work without scripts; views translate, they decide nothing.

Start with `pages.py` (what all of them share) and `rendering.py` (what templates know).
"""
