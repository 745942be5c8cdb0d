"""The batch alone in an index of tantivy's in memory, and each query on it: the usual stand-in for a percolator."""

import operator
from collections.abc import Sequence
from typing import Any

from benchmarks.alerting.contenders import Pairs, Trees, scores
from db.awaited import Scored
from db.coming import Coming
from db.language import And, Condition, Not, Or, Phrase, Prefix, Token, Tree


class InMemory:
    name, needs = "tantivy of the batch", "tantivy"

    def __init__(self, trees: Trees) -> None:
        import tantivy

        self._tantivy = tantivy
        made = tantivy.SchemaBuilder()
        made.add_text_field("words", tokenizer_name="whitespace", index_option="position")
        made.add_text_field("tokens", tokenizer_name="raw", index_option="basic")
        for slug in _topics(trees):
            made.add_float_field(slug, indexed=True, fast=True)
        self._schema = made.build()
        self._asked = {number: self._query(tree) for number, tree in trees.items()}
        self._slugs = _topics(trees)

    def match(self, posts: Sequence[Coming]) -> Pairs:
        index = self._tantivy.Index(self._schema)
        writer = index.writer(heap_size=15_000_000, num_threads=1)
        for post in posts:
            writer.add_document(self._document(post))
        writer.commit()
        index.reload()
        searcher = index.searcher()
        assert searcher.num_segments == 1  # so that its numbers are places in the batch
        return {
            (number, posts[place.doc].id)
            for number, asked in self._asked.items()
            for _, place in searcher.search(asked, len(posts), count=False).hits
        }

    def _document(self, post: Coming) -> Any:
        made = self._tantivy.Document()
        made.add_text("words", " ".join(post.words))
        for token in post.tokens:
            made.add_text("tokens", token)
        for slug, score in scores(post):
            if slug in self._slugs:
                made.add_float(slug, score)
        return made

    def _query(self, tree: Tree | None) -> Any:  # noqa: PLR0911  one a kind of part
        q, occur = self._tantivy.Query, self._tantivy.Occur
        match tree:
            case Token(value):
                return q.term_query(self._schema, "tokens", value)
            case Phrase(words) if len(words) == 1:
                return q.term_query(self._schema, "words", words[0])
            case Phrase(words):
                return q.phrase_query(self._schema, "words", list(words))
            case Prefix((begun,)):
                return q.regex_query(self._schema, "words", f"{begun}.*")
            case Or(parts):
                return q.boolean_query([(occur.Should, self._query(part)) for part in parts])
            case And(parts):
                return q.boolean_query([
                    (occur.MustNot, self._query(part.part)) if isinstance(part, Not)
                    else (occur.Must, self._query(part)) for part in parts
                ])  # fmt: skip
            case Condition(Scored(topic, test, bound)):
                kind = self._tantivy.FieldType.Float
                return q.range_query(self._schema, topic, kind, bound, 2.0, include_lower=test is operator.ge)
        raise AssertionError(tree)


def _topics(trees: Trees) -> frozenset[str]:
    """On which a query asks for a probability."""
    parts = (part for tree in trees.values() for part in (tree.parts if isinstance(tree, And) else (tree,)))
    return frozenset(p.clause.topic for p in parts if isinstance(p, Condition) and isinstance(p.clause, Scored))
