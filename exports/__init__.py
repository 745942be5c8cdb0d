"""Releases: datasets for others, under each platform's terms, with what was withheld and why."""
