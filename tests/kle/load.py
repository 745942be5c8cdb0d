"""Load on a running `kle up`, and a journal of what was acknowledged to whom.

Several clients at once: people who correct tags, readers, an office that publishes, a clerk who imports files and
makes keys. An acknowledgement is an answer of 2xx (or exit code 0) that arrived; what was asked for and not
answered may have happened or not.
"""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import func, select

from db.database import Database
from db.models import Correction, Credential, Post, Run, Topic, Version
from db.upsert import table
from tests.kle.program import environment
from tests.kle.test_import import record, write_lines

TOPICS = ("training", "reform", "stability")
SOURCES = ("mastodon", "bluesky")
IMPORTED = 200  # posts of one file
PUBLISHED = 40  # posts of one source at a time
Said = tuple[str, str | None]  # decision and note of a correction


@dataclass
class Journal:
    """`said`: what was asked of (post, topic), in order; `heard`: how far of it the answers reached."""

    said: dict[tuple[str, str], list[Said]] = field(default_factory=lambda: defaultdict(list))
    heard: dict[tuple[str, str], int] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    keys: dict[int, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # versions by post
    runs: dict[int, str] = field(default_factory=dict)  # outcomes
    answers: int = 0
    unanswered: int = 0
    asking: int = 0  # writes that wait for their answer at this moment

    def missing(self, database: Database) -> list[str]:
        """What was acknowledged and is not there, in words."""
        with database.read() as session:
            return [*self._posts(session), *self._runs(session), *self._keys(session), *self._corrections(session)]

    def _posts(self, session: Any) -> list[str]:
        post = table(Post)
        rows = session.execute(select(post.c.platform, post.c.platform_id, post.c.versions))
        there = {f"{r.platform}:{r.platform_id}": r.versions for r in rows}
        lost = [f"imported {post_id}" for post_id in self.imported - there.keys()]
        return lost + [f"{name} in {n} versions" for name, n in self.seen.items() if there.get(name, 0) < n]

    def _runs(self, session: Any) -> list[str]:
        run = table(Run)
        there = {r.id: r.outcome for r in session.execute(select(run.c.id, run.c.outcome))}
        return [f"run {number}: {ending}" for number, ending in self.runs.items() if there.get(number) != ending]

    def _keys(self, session: Any) -> list[str]:
        there = set(session.execute(select(table(Credential).c.id)).scalars())
        return [f"key {number}" for number in self.keys.keys() - there]

    def _corrections(self, session: Any) -> list[str]:
        correction, version, post, topic = table(Correction), table(Version), table(Post), table(Topic)
        columns = post.c.platform, post.c.platform_id, topic.c.slug, correction.c.decision, correction.c.note
        joined = select(*columns).join_from(correction, version, version.c.id == correction.c.version_id)
        joined = joined.join(post, post.c.id == version.c.post_id).join(topic, topic.c.id == correction.c.topic_id)
        there: dict[tuple[str, str], list[Said]] = defaultdict(list)
        for r in session.execute(joined.order_by(correction.c.id)):
            there[f"{r.platform}:{r.platform_id}", r.slug].append((r.decision, r.note))
        return [
            f"correction {place}: {there[place][-1:]} stands, {self.said[place][heard]} was answered"
            for place, heard in self.heard.items()
            if not there[place] or there[place][-1] not in self.said[place][heard:]
        ]


class Load:
    """Clients of the program at `address`, until `stop`; `topics` are theirs alone to correct."""

    def __init__(
        self,
        folder: Path,
        address: str,
        key: str,
        journal: Journal,
        seed: int,
        url: str,
        topics: Sequence[str] = TOPICS,
    ) -> None:
        self.folder, self.key, self.journal, self.url = folder, key, journal, url
        self.host = urlsplit(address).netloc
        self.seed = seed
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.clerk: subprocess.Popen[str] | None = None
        jobs: list[Callable[[random.Random], None]] = [self._publish, self._clerk, self._read, self._read_runs]
        jobs += [lambda dice, topic=topic: self._correct(dice, topic) for topic in topics]  # type: ignore[misc]
        self._threads = [
            threading.Thread(target=self._work, args=(job, random.Random(seed * 100 + n)), daemon=True)
            for n, job in enumerate(jobs)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _work(self, job: Callable[[random.Random], None], dice: random.Random) -> None:
        while not self._ended.is_set():
            with suppress(OSError, http.client.HTTPException):  # the program is gone, or not there yet
                job(dice)
            self._ended.wait(dice.uniform(0, 0.05))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON of one answer; raises OSError or HTTPException where none arrived whole."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, json.loads(said) if said else None
        finally:
            connection.close()

    def _correct(self, dice: random.Random, topic: str) -> None:
        """One client a topic, so that the order in which it asks is the order in which it should stand."""
        known = sorted(self.journal.seen)
        if not known:
            return
        place = (dice.choice(known[-50:]), topic)
        path = f"/api/v1/posts/{quote(place[0])}/tags/{topic}"
        if place in self.journal.heard and dice.random() < 0.2:
            self._say(place, ("withdrawn", None), lambda: self.ask("DELETE", path)[0])
        else:
            said = {"decision": dice.choice(("tagged", "not")), "note": f"note {dice.getrandbits(60)}"}
            self._say(place, (said["decision"], said["note"]), lambda: self.ask("PUT", path, said)[0])

    def _say(self, place: tuple[str, str], said: Said, ask: Callable[[], int]) -> None:
        asked = self.journal.said[place]
        asked.append(said)
        with self._lock:
            self.journal.asking += 1
            self.journal.unanswered += 1
        try:
            status = ask()
            if 200 <= status < 300:
                self.journal.heard[place] = len(asked) - 1
                with self._lock:
                    self.journal.answers += 1
                    self.journal.unanswered -= 1
            assert status < 400 or status == 503, f"{status} for {place}"
        finally:
            with self._lock:
                self.journal.asking -= 1

    def _read(self, dice: random.Random) -> None:
        status, said = self.ask("GET", f"/api/v1/posts?limit=100&sort={dice.choice(('newest', 'oldest'))}")
        if status == 200:
            self.journal.seen |= {post["id"]: post["versions"] for post in said["items"]}

    def _read_runs(self, dice: random.Random) -> None:
        status, said = self.ask("GET", "/api/v1/runs?limit=50")
        if status == 200:
            self.journal.runs |= {run["id"]: run["outcome"] for run in said["items"] if run["outcome"]}

    def _publish(self, dice: random.Random) -> None:
        """New posts, and of the earlier ones some are edited; a file is replaced as a whole."""
        for source in SOURCES:
            first = int(time.time() * 20) % 1_000_000
            records = [
                record(n, platform=source, account={"handle": f"@a@{source}.example"}, text=f"Talk {n} on reform.")
                for n in range(first, first + PUBLISHED)
            ]
            for n in dice.sample(range(30), 10):
                text = f"Course {n} for soldiers, as of {dice.getrandbits(30)}."
                records.append(record(n, platform=source, account={"handle": f"@a@{source}.example"}, text=text))
            replace(self.folder / f"{source}.jsonl", records, f".{self.seed}")
        self._ended.wait(0.7)

    def _clerk(self, dice: random.Random) -> None:
        """Imports a file, and makes a key now and then; each in a process of its own."""
        if dice.random() < 0.25:
            if said := self._run("keys", "add", "--json"):
                made = json.loads(said)
                self.journal.keys[made["id"]] = made["key"]
            return
        first = dice.randrange(10**9)
        records = [record(first * 1000 + n) for n in range(IMPORTED)]
        file = write_lines(self.folder / f"import-{self.seed}.jsonl", records)
        if self._run("import", str(file), "--json"):
            self.journal.imported |= {f"{r['platform']}:{r['platform_id']}" for r in records}

    def _run(self, *arguments: str) -> str:
        """What it said; "" where it was killed."""
        command = [sys.executable, "-m", "kle", *arguments]
        self.clerk = subprocess.Popen(
            command, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment(KLE_MODEL="none", KLE_DATABASE_URL=self.url),
        )  # fmt: skip
        said, _ = self.clerk.communicate()
        code, self.clerk = self.clerk.returncode, None
        return said if code == 0 else ""


def replace(file: Path, records: list[dict[str, Any]], meanwhile: str = ".new") -> None:
    write_lines(file.with_suffix(meanwhile), records).replace(file)


def count(database: Database, model: Any, *where: Any) -> int:
    with database.read() as session:
        return int(session.execute(select(func.count()).select_from(table(model)).where(*where)).scalar_one())
