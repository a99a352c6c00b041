"""The booking form: one question a page, each page an address, no cookie.

`form.py` is what all pages share, `blueprint.py` puts them together; the rest is a file for each page.
"""
