"""Forgetting: erase what a post said and leave a tombstone that proves it; when; what was forgotten stays so."""
