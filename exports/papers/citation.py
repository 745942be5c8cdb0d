"""How a release is cited: CITATION.cff (1.2.0), and the same as a line of text and as BibTeX."""

import re
from typing import Any

from core.tables import AuthorConfig
from core.version import SOFTWARE
from exports.papers.about import About
from exports.papers.markup import line, yaml

OPERATOR = AuthorConfig(name="Operator of this kle-monitor archive")
_BIBTEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_BIBTEX |= {sign: f"\\{sign}" for sign in "{}&%$#_"}


def authors(about: About) -> tuple[AuthorConfig, ...]:
    return about.citation.authors or (OPERATOR,)


def cff(about: About) -> str:
    said = about.citation
    fields = {
        "cff-version": "1.2.0",
        "message": "Please cite this dataset by these data, with its version.",
        "type": "dataset",
        "title": about.title,
        "authors": [_cff(author) for author in authors(about)],
        "version": about.version,
        "date-released": about.released,
        "doi": said.doi,
        "url": said.url,
        "license": said.licence,
        "keywords": list(said.keywords),
        "contact": _contact(said.contact),
        "abstract": abstract(about),
    }
    return yaml({key: value for key, value in fields.items() if value})


def abstract(about: About) -> str:
    return (
        f"{_what(about)} found by the query {about.query or '(everything)'} in an archive of {SOFTWARE},"
        f" {f'as of {about.as_of} ({about.stood})' if about.ahead else f'as it knew them at {about.as_of}'}."
        f"{'' if about.filled else ' It is empty.'} Content digests are in manifest.json."
    )


def _what(about: About) -> str:
    if not about.tables or "posts" in about.tables:
        return "Public posts"
    return f"{', '.join(about.tables).capitalize()} of public posts"


def _cff(author: AuthorConfig) -> dict[str, str]:
    if not author.is_person:
        return {"name": author.name}
    orcid = author.orcid and f"https://orcid.org/{author.orcid}"
    said = {"family-names": author.name, "given-names": author.given, "orcid": orcid}
    return {key: value for key, value in {**said, "affiliation": author.affiliation}.items() if value}


def _contact(contact: str | None) -> list[dict[str, str]]:
    if not contact:
        return []
    return [{"name": "Contact", "website" if "://" in contact else "email": contact}]


def where(about: About) -> str | None:
    """The lasting address, if it has one."""
    doi = about.citation.doi
    return f"https://doi.org/{doi}" if doi else about.citation.url


def text(about: About) -> str:
    """One line in the manner of the APA."""
    names = [f"{author.name}, {author.given}" if author.given else author.name for author in authors(about)]
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"
    place = where(about)
    return line(
        f"{said.rstrip('.')}. ({about.released[:4]}). {about.title} (Version {about.version}) [Data set]."
        + (f" {place}" if place else "")
    )


def bibtex(about: About) -> str:
    fields: dict[str, Any] = {
        "author": " and ".join(_bibtex_name(author) for author in authors(about)),
        "title": f"{{{_bibtex(about.title)}}}",
        "year": about.released[:4],
        "version": _bibtex(about.version),
        "doi": about.citation.doi,
        "url": where(about),
        "note": f"Data set, made by {SOFTWARE}",
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{kle-{about.digest},\n" + ",\n".join(lines) + "\n}"


def _bibtex_name(author: AuthorConfig) -> str:
    """In braces, so that nobody looks for a family name in an office's, or for two names around its "and"."""
    name = f"{{{_bibtex(author.name)}}}"
    return f"{name}, {{{_bibtex(author.given)}}}" if author.given else name


def _bibtex(words: str) -> str:
    return re.sub(r"[\\{}&%$#_~^]", lambda found: _BIBTEX[found[0]], line(words))
