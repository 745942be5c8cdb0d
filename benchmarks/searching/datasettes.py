"""Datasette over the table of the plain contender, asked over HTTP: as it comes, and with a longer time limit where
it refuses as it comes.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from benchmarks.searching.contender import days
from benchmarks.searching.plain import match
from benchmarks.searching.servers import Server, client
from benchmarks.searching.shapes import LIMIT, Question
from core import times

NEEDS = "datasette"
Parameters = list[tuple[str, str | int | float | bool | None]]
_PATIENT = 60_000  # milliseconds of the raised limits
_FACETS = ("account", "actor", "platform", "lang", "kind")
_BY_DAY = (
    "SELECT substr(created_at, 1, 10) AS day, count(*) AS posts FROM post"
    " WHERE number IN (SELECT rowid FROM post_text WHERE post_text MATCH :words) GROUP BY 1"
)


def is_there() -> bool:
    return importlib.util.find_spec(NEEDS) is not None


def server(file: Path, folder: Path, *, patient: bool) -> Server:
    limits = ("sql_time_limit_ms", "facet_time_limit_ms")
    raised = [word for name in limits for word in ("--setting", name, str(_PATIENT))] if patient else []
    more = ["--setting", "max_returned_rows", "10000"]  # days of ten years are more than the 1,000 that it allows
    command = [sys.executable, "-m", "datasette", "serve", str(file), "--port", "{port}", *more, *raised]
    return Server(command, "/-/versions.json", folder / f"datasette-{patient}.log")


class Datasette:
    """`refused` holds what takes it longer than it allows as it comes; the patient one is asked that then."""

    name = "Datasette"

    def __init__(self, file: Path, folder: Path) -> None:
        self._database = file.stem.replace(".", "~2E")
        self._servers = [server(file, folder, patient=patient) for patient in (False, True)]
        self._clients = [client(server) for server in self._servers]
        self.refused: set[tuple[str, str]] = set()

    def ask(self, task: str, question: Question) -> Any:
        path, parameters = self._request(task, question)
        kind = task, " ".join(name for name, _ in parameters)
        if kind not in self.refused:
            answer = self._clients[0].get(path, params=parameters)
            if answer.is_success and _is_whole(task, found := answer.json()):
                return found
            self.refused.add(kind)
        return self._clients[1].get(path, params=parameters).raise_for_status().json()

    def _request(self, task: str, question: Question) -> tuple[str, Parameters]:
        if task == "histogram":
            return f"/{self._database}.json", [("sql", _BY_DAY), ("words", match(question)), ("_shape", "array")]
        found: Parameters = [
            ("_shape", "objects"),
            ("_size", str(LIMIT)),
            (f"_sort{'' if question.oldest else '_desc'}", "created_at"),
        ]
        found += self._filters(question)
        if task != "page":
            found[1] = ("_size", "0")
        if task == "facets":
            found += [("_facet", name) for name in _FACETS]
            found += [("_facet_size", "max")]
        return f"/{self._database}/post.json", found

    def _filters(self, question: Question) -> Parameters:
        found: Parameters = []
        if question.has_words:
            found += [("_search", match(question)), ("_searchmode", "raw")]
        if question.topic:  # its own _through gives wrong answers beside another filter: both are bound as :p0
            found.append(("_where", f"number IN (SELECT post FROM post_topic WHERE topic = '{question.topic}')"))
        since, until = question.bounds()
        found += [("account", question.account)] if question.account else []
        found += [("created_at__gte", times.text(since))] if since else []
        return found + ([("created_at__lt", times.text(until))] if until else [])

    def told(self, task: str, answer: Any) -> Any:
        match task:
            case "page":
                return [row["id"] for row in answer["rows"]]
            case "total":
                return answer["filtered_table_rows_count"]
            case "histogram":
                return days((row["day"], row["posts"]) for row in answer)
        results = answer["facet_results"]
        return {name: {found["value"]: found["count"] for found in results[name]["results"]} for name in _FACETS}

    def can(self, task: str) -> bool:
        return True

    def close(self) -> None:
        for connection in self._clients:
            connection.close()
        for each in self._servers:
            each.close()


def _is_whole(task: str, answer: Any) -> bool:
    """What took too long it leaves out of an answer without saying so."""
    match task:
        case "total":
            return answer["filtered_table_rows_count"] is not None
        case "facets":
            return set(_FACETS) <= set(answer["facet_results"])
    return True
