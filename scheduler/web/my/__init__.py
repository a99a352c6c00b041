"""Pages of one visit, for whoever holds its link: see it, and do what the API lets its holder do.

Start with `holding.py` (who that is) and `blueprint.py`. A mail program that follows links, and submits the
forms that it finds, changes nothing: each change asks for a choice that nothing on the page makes beforehand.
"""
