"""An example of a JSON schema: its own where it has one, else put together from its parts."""

from typing import Any

_REF = "#/components/schemas/"
_PLAIN = {"integer": 1, "number": 0.5, "boolean": True, "null": None}


def sample(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    """`parts` are the document's components; the schemas here are not recursive."""
    match schema:
        case {"$ref": ref}:
            return sample(parts[ref.removeprefix(_REF)], parts)
        case {"examples": [first, *_]} | {"const": first} | {"enum": [first, *_]}:
            return first
        case {"anyOf": choices}:
            return _choice(choices, parts)
        case {"type": "array", "items": items}:
            return [sample(items, parts)]
        case {"type": "object"}:
            return {name: sample(part, parts) for name, part in schema.get("properties", {}).items()}
    return _PLAIN.get(schema.get("type", ""), "...")


def _choice(choices: list[dict[str, Any]], parts: dict[str, Any]) -> Any:
    """Null where that is a choice: it is what most optional fields hold."""
    return None if {"type": "null"} in choices else sample(choices[0], parts)
