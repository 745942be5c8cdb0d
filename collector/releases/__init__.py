"""Reading a release of the project back, whichever format its tables have, from its folder or its zip.

`opened.py` finds it and holds its files against its manifest, `rows.py` reads a table's rows, `joined.py` puts what
several tables tell of a post together, and `pages.py` cuts that into the pages that the intake takes.
"""
