"""One file a format that `kind = "file"` and `kle import` read; names that begin with _ are helpers.

Each has `looks_like(start) -> bool`, which tells it by what a file holds and never by its name, and
`read(record, about) -> SeenPost | None | Iterable[SeenPost | Problem]` for one record: a line of JSON Lines, an
item of a JSON array, a row of a table, or one whole JSON object. ValueError and ParseError say why it is not taken.
`beside(path, account)`, where a format has it, looks for what the file alone does not say (whose archive it is).
"""
