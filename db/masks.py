"""Filters as masks over columns in memory: topics, accounts, platform, language, kind, times and erasure.

A tree is resolved with `Masked` in place of the tables' own view. What is none of these filters, such as a word,
has no mask: the query goes to the database then.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import False_

from core import times
from db.columns import ERASED, HOUR, LABELS, Block, Kinds
from db.entries import EVERY, MARK, plain
from db.language import And, Condition, Not, Or, Phrase, Prefix, Token, Tree
from db.then import Now

NOT_ERASED = Not(Token(f"{MARK}is:erased"))


@dataclass(frozen=True, slots=True)
class Since:
    """Published then or later."""

    moment: datetime


class Masked(Now):
    """As now; a bound of time is kept as what it is."""

    def since(self, bound: datetime) -> Any:
        return Since(bound)

    def until(self, bound: datetime) -> Any:
        return Before(bound)


@dataclass(frozen=True, slots=True)
class Before:
    """Published earlier."""

    moment: datetime


def told(tree: Tree | None) -> Hashable | None:
    """A tree that means the same for as long as the index does: none of its filters looks anywhere else."""
    match tree:
        case And(parts) | Or(parts):
            return tree if all(told(part) is not None for part in parts) else None
        case Not(part):
            return tree if told(part) is not None else None
        case Condition(clause):
            return tree if isinstance(clause, Since | Before) else None
        case Token() | Phrase() | Prefix():
            return tree
    return None


def answers(tree: Tree | None) -> bool:
    """Whether masks alone tell which posts match."""
    match tree:
        case None:
            return True
        case And(parts) | Or(parts):
            return all(map(answers, parts))
        case Not(part):
            return answers(part)
        case Condition(clause):
            return isinstance(clause, Since | Before | False_)
        case Token(value):
            name = value.removeprefix(MARK).partition(":")[0]
            return name in ("topic", "account", *LABELS) or value in (EVERY, f"{MARK}is:erased")
    return False


def mask(tree: Tree, block: Block, kinds: Kinds) -> Any:
    """Which posts of `block` match a tree that `answers`."""
    match tree:
        case And(parts):
            return np.logical_and.reduce([mask(part, block, kinds) for part in parts])
        case Or(parts):
            return np.logical_or.reduce([mask(part, block, kinds) for part in parts])
        case Not(part):
            return ~mask(part, block, kinds)
        case Condition(clause):
            return _of_clause(clause, block)
        case Token(value):
            return _of_token(value, block, kinds)
    raise AssertionError(tree)


def _of_clause(clause: Any, block: Block) -> Any:
    match clause:
        case Since(moment):
            return ~_before(block, moment)
        case Before(moment):
            return _before(block, moment)
    return np.zeros(len(block), bool)  # an account that nobody has


def _before(block: Block, moment: datetime) -> Any:
    hour, rest = divmod(times.micros(times.utc(moment)), HOUR)
    return (block.hour < hour) | ((block.hour == hour) & (block.rest < rest))


def _of_token(token: str, block: Block, kinds: Kinds) -> Any:
    name, _, value = token.removeprefix(MARK).partition(":")
    match name:
        case "all":
            return np.ones(len(block), bool)
        case "account":
            return block.account == int(value)
        case "topic":
            return _chosen(kinds.topics.values, lambda slugs: value in slugs)[block.topics]
        case "is":
            return _chosen(kinds.labels.values, lambda label: label[ERASED])[block.label]
    at = LABELS[name]
    said = {given for label in kinds.labels.values if (given := label[at]) is not None and plain(given) == value}
    return _chosen(kinds.labels.values, lambda label: label[at] in said)[block.label]


def _chosen(values: list[Any], test: Callable[[Any], bool]) -> Any:
    """For each code whether its value is one of those that are meant."""
    return np.fromiter(map(test, values), bool, len(values))
