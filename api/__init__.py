"""The archive over HTTP: the JSON API under /api/v1, the pages, and who may see what."""
