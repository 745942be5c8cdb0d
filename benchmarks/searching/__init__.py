"""Search at any size: an archive made from a seed, our pages and counts, and what a user would pick instead."""
