"""One file a format. Each has `table(path, columns)`, a context that yields the function which writes one row."""
