"""Releases: datasets for others, under each platform's terms, with what was withheld and why."""

import os

# Read by pyarrow when it is first imported, so it is said before: its own allocator keeps 70 MB of chunks that were
# given back, which is a quarter of all that an export takes.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
