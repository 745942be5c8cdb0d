"""An archive on the move: backed up while it works, restored into either database, merged with another one.

`backup` and `restore` carry rows as they are, keys and all, and hold counts and digests of every table against each
other at the end. `merge` reads another archive and adds what this one does not know.
"""
