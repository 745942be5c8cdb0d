"""What annotators said of the posts of an archive: rows of their files, put together by post and topic.

A post that a file names by an older id is the same post. Who labels it twice must say the same twice. All labels of
a post must be of one text: the current one if anybody labelled that, else the one that the first file had.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlmodel import Session

from classifier.agreement import NO, NONE, YES, Said
from classifier.raters import Answers
from db import labels
from db.labels import Place
from kle.label_sheets import Row, Sheet

Key = tuple[int, str]  # row key of the post, topic


@dataclass
class Votes:
    """`said` has by post and topic what each annotator answered; `rows` the rows that hold it, by post."""

    sheets: Sequence[Sheet]
    topics: Sequence[str]
    places: dict[int, Place] = field(default_factory=dict)
    rows: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[int, str] = field(default_factory=dict)  # digest of what was labelled
    said: dict[Key, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def annotators(self) -> list[str]:
        """In the order of their files."""
        return list(dict.fromkeys(row.annotator for sheet in self.sheets for row in sheet.rows))

    def changed(self, key: int) -> bool:
        """Whether the text is not any more what was labelled."""
        return self.texts[key] != self.places[key].text_sha256

    def agreed(self) -> dict[Key, bool]:
        """What all said who answered."""
        return {key: next(iter(said.values())) for key, said in self.said.items() if len(set(said.values())) == 1}


def collect(session: Session, sheets: Sequence[Sheet], topics: Sequence[str]) -> Votes:
    """What cannot be taken is told to its sheet."""
    votes = Votes(sheets, topics)
    known = labels.find(session, {row.id for sheet in sheets for row in sheet.rows})
    for sheet in sheets:
        for row in sheet.rows:
            place = known.get(row.id)
            if place is None:
                sheet.tell(row.line, row.id, "the archive has no such post; an id is platform:platform_id")
            elif place.erased:
                sheet.tell(row.line, row.id, "its text was erased")
            else:
                votes.places[place.key] = place
                votes.rows[place.key].append(row)
    for key, rows in votes.rows.items():
        votes.texts[key] = _text(votes.places[key], rows)
    _count(votes, {id_: place.key for id_, place in known.items()})
    return votes


def _text(place: Place, rows: Sequence[Row]) -> str:
    given = [row.text_sha256 for row in rows if row.text_sha256]
    return place.text_sha256 if not given or place.text_sha256 in given else given[0]


def _count(votes: Votes, keys: Mapping[str, int]) -> None:
    dropped: set[tuple[int, str, str]] = set()  # post, topic, annotator
    for sheet in votes.sheets:
        for row in sheet.rows:
            key = keys.get(row.id)
            if key not in votes.places or key is None:
                continue
            if row.text_sha256 not in (None, votes.texts[key]):
                sheet.tell(row.line, row.id, "labelled on another text than in the other rows: left out")
                votes.rows[key].remove(row)
                continue
            if votes.changed(key):
                sheet.tell(row.line, row.id, "its text was changed since the sheet was made: compared, not stored")
            _count_row(votes, sheet, row, key, dropped)


def _count_row(votes: Votes, sheet: Sheet, row: Row, key: int, dropped: set[tuple[int, str, str]]) -> None:
    for topic, answer in row.answers.items():
        said, mine = votes.said[key, topic], (key, topic, row.annotator)
        if said.get(row.annotator, answer) != answer:
            sheet.tell(row.line, row.id, f"{topic}: {row.annotator} labelled it twice, differently; left out")
            dropped.add(mine)
            del said[row.annotator]
        elif mine not in dropped:
            said[row.annotator] = answer


def answers(session: Session, votes: Votes) -> tuple[Answers, list[str]]:
    """The same as arrays, with what models said of the texts that were labelled; and each post's language."""
    posts, topics = sorted(votes.places), [t for t in votes.topics if any(key[1] == t for key in votes.said)]
    names = votes.annotators
    said = np.full((len(names), len(posts), len(topics)), NONE, np.int8)
    row_of, column_of = ({name: n for n, name in enumerate(listed)} for listed in (posts, topics))
    for (key, topic), given in votes.said.items():
        for name, answer in given.items():
            said[names.index(name), row_of[key], column_of[topic]] = YES if answer else NO
    stratum, sizes, population = _strata(votes, posts)
    found = Answers(names, topics, said, _tagged(session, votes, posts, topics), stratum, sizes, population)
    return found, [votes.places[key].lang or "und" for key in posts]


def _tagged(session: Session, votes: Votes, posts: Sequence[int], topics: Sequence[str]) -> Said:
    then = labels.read_by(session, {key: votes.texts[key] for key in posts if votes.changed(key)})
    versions = {key: then.get(key) if votes.changed(key) else votes.places[key].version_id for key in posts}
    words = labels.said_by_models(session, {version for version in versions.values() if version})
    found = np.full((len(posts), len(topics)), NONE, np.int8)
    for n, key in enumerate(posts):
        for k, topic in enumerate(topics):
            decision = words.get((versions[key] or 0, topic))
            found[n, k] = NONE if decision is None else YES if decision == "tagged" else NO
    return found


def _strata(votes: Votes, posts: Sequence[int]) -> tuple[Any, Any, int]:
    """Those of one sample; where the files are of several, nobody knows what a post stands for."""
    samples = [(sheet.strata, sheet.population) for sheet in votes.sheets if sheet.strata]
    strata, population = samples[0] if samples and all(one == samples[0] for one in samples) else ({}, 0)
    codes = {code: n for n, code in enumerate(strata)}
    given = [next((row.stratum for row in votes.rows[key] if row.stratum), "") for key in posts]
    return (
        np.array([codes.get(code, -1) for code in given], np.int64),
        np.array([*strata.values()], float),
        population,
    )
