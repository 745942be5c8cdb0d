"""Feeds of any search: what an entry says (`entries.py`), and how each format writes it."""
