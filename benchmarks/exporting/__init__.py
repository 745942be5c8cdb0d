"""Releases, measured: a whole archive written in each format, next to what a user would pick instead."""
