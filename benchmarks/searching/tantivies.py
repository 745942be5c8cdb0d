"""tantivy, a search engine of its own beside the database: the same texts, fast fields for the time and for facets,
and the posts' columns stored, so that a page needs no other place.
"""

import importlib.util
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.searching import plain
from benchmarks.searching.shapes import LIMIT, Question
from core import times

NEEDS = "tantivy"
_DAY = 86400
_LAST = 1 << 40
_KEYWORDS = ("account", "actor", "platform", "lang", "kind", "topic")
_ROWS = """
    SELECT post.*, (SELECT group_concat(topic, ' ') FROM post_topic WHERE post_topic.post = post.number)
    FROM post ORDER BY number"""
_MEMORY = 256_000_000  # bytes that its writer may fill before it writes
_MOST_VALUES = 1000  # of a facet
_MOST_DAYS = 10_000


def is_there() -> bool:
    return importlib.util.find_spec(NEEDS) is not None


def _schema() -> Any:
    import tantivy

    made = tantivy.SchemaBuilder()
    made.add_text_field("text")
    made.add_bytes_field("post", stored=True, indexed=False, fast=False)
    made.add_unsigned_field("created", indexed=True, fast=True)
    for name in _KEYWORDS:
        made.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    return made.build()


def fill(table: Path, folder: Path) -> Path:
    """From the plain contender's table, where it is not there yet: one writer, one commit, segments merged as it
    likes."""
    import tantivy

    if folder.exists():
        return folder
    made = folder.with_suffix(".making")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    writer = tantivy.Index(_schema(), path=str(made)).writer(heap_size=_MEMORY, num_threads=1)
    with closing(sqlite3.connect(table)) as source:
        for *row, topics in source.execute(_ROWS):
            writer.add_document(_document(row, topics.split() if topics else []))
    writer.commit()
    writer.wait_merging_threads()
    made.rename(folder)
    return folder


def _document(row: list[Any], topics: list[str]) -> Any:
    import tantivy

    post = dict(zip(plain.COLUMNS, row, strict=True))
    document = tantivy.Document()
    document.add_text("text", post["text"])
    document.add_bytes("post", orjson.dumps({**post, "topics": topics}))
    document.add_unsigned("created", _seconds(times.parse(post["created_at"])))
    for name in _KEYWORDS[:-1]:
        document.add_text(name, post[name] or "")
    for slug in topics:
        document.add_text("topic", slug)
    return document


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


class Tantivy:
    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        self._index = tantivy.Index.open(str(folder))
        self._searcher = self._index.searcher()

    def ask(self, task: str, question: Question) -> Any:
        query = self._query(question)
        match task:
            case "page":
                order = self._tantivy.Order.Asc if question.oldest else self._tantivy.Order.Desc
                found = self._searcher.search(query, LIMIT, count=False, order_by_field="created", order=order)
                return [orjson.loads(self._searcher.doc(place)["post"][0]) for _, place in found.hits]
            case "total":
                return self._searcher.search(query, 1, count=True).count
            case "histogram":
                by_day = {"histogram": {"field": "created", "interval": _DAY}}
                return self._searcher.aggregate(query, {"days": by_day})["days"]["buckets"]
        terms = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in _KEYWORDS}
        return self._searcher.aggregate(query, terms)

    def _query(self, question: Question) -> Any:
        made, schema = self._tantivy.Query, self._index.schema
        parts = [made.term_query(schema, "text", word) for word in question.words]
        if question.phrase:
            parts.append(made.phrase_query(schema, "text", question.phrase.split()))
        if question.prefix:
            parts.append(made.regex_query(schema, "text", f"{question.prefix}.*"))
        parts += [
            made.term_query(schema, name, value)
            for name in ("topic", "account")
            if (value := getattr(question, name))
        ]
        since, until = question.bounds()
        if since or until:
            lower, upper = _seconds(since) if since else 0, _seconds(until) if until else _LAST
            kind = self._tantivy.FieldType.Unsigned
            parts.append(made.range_query(schema, "created", kind, lower, upper, include_upper=False))
        occurs = [(self._tantivy.Occur.Must, part) for part in parts]
        if question.without:
            occurs.append((self._tantivy.Occur.MustNot, made.term_query(schema, "text", question.without)))
        return made.boolean_query(occurs)

    def told(self, task: str, answer: Any) -> Any:
        match task:
            case "page":
                return [post["id"] for post in answer]
            case "histogram":
                found = ((bucket["key"], bucket["doc_count"]) for bucket in answer)
                return {f"{datetime.fromtimestamp(key, UTC):%Y-%m-%d}": count for key, count in found if count}
            case "facets":
                return {
                    name: {
                        bucket["key"]: bucket["doc_count"] for bucket in answer[name]["buckets"] if bucket["key"]
                    }
                    for name in _KEYWORDS
                }
        return answer

    def can(self, task: str) -> bool:
        return True

    def close(self) -> None:
        """It holds nothing that needs to be let go."""
