"""Lines of code that stand in the papers: reading a table, its ids of X, its digests. Tests run those in Python."""

from collections.abc import Mapping, Sequence

from exports.papers.about import About

_IDS = 'print("\\n".join(i[2:] for i in dict.fromkeys({rows}) if i[:2] == "x:" and i[2:].isdigit()))'
_ROWS = {
    "csv": ("import csv; csv.field_size_limit(10**9)",
            '(row["id"] for row in csv.DictReader(open("{file}", encoding="utf-8-sig")))'),
    "jsonl": ("import json", '(json.loads(line)["id"] for line in open("{file}", encoding="utf-8"))'),
    "parquet": ("import pyarrow.parquet as pq", 'pq.read_table("{file}", columns=["id"])["id"].to_pylist()'),
}  # fmt: skip
_PANDAS = {
    "csv": 'pandas.read_csv("{file}", keep_default_na=False, na_values=[""], date_format="ISO8601",\n'
           '    parse_dates={times})',
    "jsonl": 'pandas.read_json("{file}", lines=True, dtype=False, convert_dates=False)\n'
             'for name in {times}:\n'
             '    {table}[name] = pandas.to_datetime({table}[name], format="ISO8601", utc=True)',
    "parquet": 'pandas.read_parquet("{file}")',
}  # fmt: skip
_POLARS = {
    "csv": 'polars.read_csv("{file}", try_parse_dates=True, infer_schema_length=None)',
    "jsonl": 'polars.read_ndjson("{file}", infer_schema_length=None)',
    "parquet": 'polars.read_parquet("{file}")',
}
_DUCKDB = {
    "csv": "read_csv('{file}', sample_size = -1)",
    "jsonl": "read_json('{file}', format = 'newline_delimited', sample_size = -1)",
    "parquet": "read_parquet('{file}')",
}
_R = {
    "csv": 'readr::read_csv("{file}", na = "", guess_max = Inf{ids})',
    "jsonl": 'jsonlite::stream_in(file("{file}"))',
    "parquet": 'arrow::read_parquet("{file}")',
}
FILES = """import hashlib, json

for file in json.load(open("manifest.json", encoding="utf-8"))["files"]:
    with open(file["path"], "rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != file["sha256"]:
            print(file["path"], "is not what was released")"""
_CONTENT = {
    "jsonl": """import hashlib, json

with open("{file}", "rb") as rows:  # each line is a row as canonical JSON
    digest = hashlib.file_digest(rows, "sha256").hexdigest()
print(digest == json.load(open("manifest.json", encoding="utf-8"))["content"]["{table}"]["sha256"])""",
    "parquet": """import hashlib, json, orjson, pyarrow.parquet as pq

def plain(value):  # a number that is whole is written as one
    if isinstance(value, dict): return {{name: plain(item) for name, item in value.items()}}
    if isinstance(value, list): return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value

digest, canonical = hashlib.sha256(), orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
for batch in pq.ParquetFile("{file}").iter_batches(1000):
    for row in batch.to_pylist(): digest.update(orjson.dumps(plain(row), option=canonical))
print(digest.hexdigest() == json.load(open("manifest.json", encoding="utf-8"))["content"]["{table}"]["sha256"])""",
}


def first(about: About) -> str:
    """The table that is shown: the first one that has rows, which is posts where there are any."""
    return next(iter(about.filled or about.tables))


def reading(about: About) -> Mapping[str, tuple[str, str]]:
    """By tool: (language, lines); none for a format that this page knows nothing of, or where there are no rows."""
    if about.format not in _PANDAS or not about.filled:
        return {}
    table = first(about)
    said = {"file": about.file(table), "table": table, "times": _times(about, table),
            "ids": ', col_types = list(platform_id = "c")' if about.has(table, "platform_id") else ""}  # fmt: skip
    lines = {
        "pandas": ("python", f"import pandas\n\n{table} = {_PANDAS[about.format]}"),
        "polars": ("python", f"import polars\n\n{table} = {_POLARS[about.format]}"),
        "DuckDB": ("sql", f"SELECT * FROM {_DUCKDB[about.format]} LIMIT 10;"),  # noqa: S608  shown to people, run by nobody
        "R": ("r", f"{table} <- {_R[about.format]}"),
    }
    found = {tool: (language, text.format(**said)) for tool, (language, text) in lines.items()}
    return {**found, "datasets (Hugging Face)": ("python", _loading(about.filled))}


def _loading(filled: Sequence[str]) -> str:
    lines = [f'{filled[0]} = load_dataset("DIR")["train"]  # DIR: the whole path of this folder']
    lines += [f'{name} = load_dataset("DIR", "{name}")["train"]' for name in filled[1:2]]
    return "from datasets import load_dataset\n\n" + "\n".join(lines)


def _times(about: About, table: str) -> str:
    names = [f'"{name}"' for name, field, _ in about.columns(table) if field.type == "datetime" and not field.many]
    return f"[{', '.join(names)}]"


def content(about: About) -> str | None:
    """Recomputes the digest of what a table says; from CSV, which has no types, `kle export --verify` does it."""
    found = _CONTENT.get(about.format)
    return found and found.format(file=about.file(first(about)), table=first(about))


def ids_of_x(about: About) -> str | None:
    """One line of a shell that writes ids.txt; none where no table has ids."""
    table = next((name for name in about.tables if about.has(name, "id")), None)  # posts where it was chosen
    if table is None or about.format not in _ROWS:
        return None
    start, rows = _ROWS[about.format]
    return f"python3 -c '{start}; {_IDS.format(rows=rows.format(file=about.file(table)))}' > ids.txt"
