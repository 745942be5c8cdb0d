"""Merging: what another archive knows of posts is added to this one, so that nothing stands here twice.

`merge.py` tells it as one story. Read in `other.py`; `names.py` finds or adds what posts refer to by its natural
key; `states.py` decides which states of a post are new here; `whole.py` brings posts that are not here, `joined.py`
adds to those that are.
"""
