"""One file a kind of source, each with `Target`, `fetch` and `parse`; names that begin with _ are helpers."""
