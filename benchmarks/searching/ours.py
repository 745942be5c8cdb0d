"""The program's own functions, from the question as the URL has it to JSON-ready objects."""

from pathlib import Path
from typing import Any

from benchmarks.searching.contender import FACETS, days
from benchmarks.searching.shapes import LIMIT, Question
from core import cursor, times
from db import counts, posts
from db.database import Database
from db.query import PostQuery, first_key, selection


class Ours:
    def __init__(self, file: Path, name: str = "kle") -> None:
        self.name = name
        self.database = Database(f"sqlite:///{file}")

    def ask(self, task: str, question: Question) -> Any:
        query = PostQuery.build(**asked(question))
        with self.database.read() as session:
            match task:
                case "page":
                    return posts.page(session, query, sort(question), LIMIT, place(question))
                case "total":
                    return posts.counted(session, selection(session, query).keys())
                case "histogram":
                    return counts.timeline(session, query, "day")
            return counts.facets(session, query)

    def told(self, task: str, answer: Any) -> Any:
        return told(task, answer.items if task == "page" else answer)

    def can(self, task: str) -> bool:
        return True

    def close(self) -> None:
        self.database.close()


def told(task: str, answer: Any) -> Any:
    match task:
        case "page":
            return [item["id"] for item in answer]
        case "histogram":
            return days((bucket["start"], bucket["count"]) for bucket in answer)
        case "facets":
            return {name: {row["value"]: row["count"] for row in answer[name]} for name in FACETS}
    return answer


def asked(question: Question) -> dict[str, Any]:
    """As `PostQuery.build` takes it; `from:` and so on could stand in `q` as well."""
    words = [*question.words, f'"{question.phrase}"' if question.phrase else "", _starting(question.prefix)]
    words.append(f"-{question.without}" if question.without else "")
    found: dict[str, Any] = {"q": " ".join(filter(None, words)), "account": question.account or None}
    found["topics"] = [question.topic] if question.topic else []
    found["since"] = times.text(question.since) if question.since else None
    found["until"] = times.text(question.until) if question.until else None
    return found


def _starting(prefix: str) -> str:
    return f"{prefix}*" if prefix else ""


def parameters(task: str, question: Question) -> tuple[str, dict[str, Any]]:
    """The same over HTTP: the route and its parameters."""
    found = asked(question)
    found["topic"] = found.pop("topics")
    if task in ("page", "total"):
        found |= {"sort": sort(question), "limit": LIMIT, "cursor": place(question)}
    elif task == "histogram":
        found["interval"] = "day"
    route = {"histogram": "timeline", "facets": "facets"}.get(task, "posts")
    return f"/api/v1/{route}", {name: value for name, value in found.items() if value}


def sort(question: Question) -> str:
    return "oldest" if question.oldest else "newest"


def place(question: Question) -> str | None:
    """The cursor of the page before."""
    return cursor.encode(sort(question), first_key(question.after)) if question.after else None
