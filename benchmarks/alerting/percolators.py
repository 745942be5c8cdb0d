"""A percolator from the package index: an inverted index of queries, in Rust."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from alerts.match import holds
from alerts.standing import said
from benchmarks.alerting.contenders import Pairs, Trees, scores
from db.awaited import Scored
from db.coming import Coming
from db.language import And, Condition, Not, Or, Phrase, Prefix, Token, Tree

_WHOLE = 1_000_000_000  # of a probability: it compares whole numbers


class Percolator:
    """mokaccino. It knows no phrases: of a phrase it gets the words, and what it finds then is
    looked at again by ours. It misses beginnings of words in other than ASCII letters: it gets these spelt out."""

    name, needs = "mokaccino", "mokaccino"

    def __init__(self, trees: Trees) -> None:
        import mokaccino

        self._q, self._document_of = mokaccino.Query, mokaccino.Document
        self._trees, self._made = trees, mokaccino.Percolator()
        self._again = frozenset(number for number, tree in trees.items() if tree and _has_phrase(tree))
        for number, tree in trees.items():
            self._made.add_query_id(self._query(tree), number)

    def match(self, posts: Sequence[Coming]) -> Pairs:
        found = set()
        for post in posts:
            words = said(post)
            for number in self._made.percolate_list(self._document(post)):
                if number not in self._again or holds(self._trees[number], words):
                    found.add((number, post.id))
        return found

    def _document(self, post: Coming) -> Any:
        made = self._document_of()
        for word in set(post.words):
            made.add_value("word", _spelt(word))
        for token in post.tokens:
            made.add_value("token", token)
        for slug, score in scores(post):
            made.add_value(slug, str(round(score * _WHOLE)))
        return made

    def _query(self, tree: Tree | None) -> Any:  # noqa: PLR0911  one a kind of part
        match tree:
            case Token(value):
                return self._q.from_kv("token", value)
            case Phrase(words):
                return self._joined(self._q.from_and, [self._q.from_kv("word", _spelt(word)) for word in words])
            case Prefix((begun,)):
                return self._q.from_kprefix("word", _spelt(begun))
            case Or(parts):
                return self._joined(self._q.from_or, [self._query(part) for part in parts])
            case And(parts):
                return self._joined(self._q.from_and, [self._query(part) for part in parts])
            case Not(part):
                return self._q.from_not(self._query(part))
            case Condition(Scored(topic, test, bound)):
                make = self._q.from_kge if test is operator.ge else self._q.from_kgt
                return make(topic, round(bound * _WHOLE))
        raise AssertionError(tree)

    @staticmethod
    def _joined(make: Callable[[list[Any]], Any], parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else make(parts)


def _spelt(word: str) -> str:
    return word if word.isascii() else "".join(c if c.isascii() else f"~{ord(c):x}." for c in word)


def _has_phrase(tree: Tree) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return any(map(_has_phrase, parts))
        case Not(part):
            return _has_phrase(part)
    return isinstance(tree, Phrase) and len(tree.words) > 1
