"""The papers beside the tables: what a release is and means, how it is read, cited, verified and built again."""

from pathlib import Path

from exports.papers.about import About
from exports.papers.card import card
from exports.papers.citation import cff
from exports.papers.codebook import codebook
from exports.papers.models import models
from exports.papers.package import datapackage
from exports.papers.rehydrate import rehydrate

__all__ = ["About", "write", "written"]


def written(about: About) -> dict[str, bytes]:
    """Each paper by its name, in the order in which they are told of."""
    papers = {
        "README.md": card(about).encode(),
        "datapackage.json": datapackage(about),
        "CITATION.cff": cff(about).encode(),
        "codebook.md": codebook(about).encode(),
        "models.md": models(about).encode(),
    }
    return {**papers, "rehydrate.md": rehydrate(about).encode()} if about.ids_only else papers


def write(about: About, folder: Path) -> list[str]:
    """Write them into `folder`; returns their names."""
    papers = written(about)
    for name, content in papers.items():
        (folder / name).write_bytes(content)
    return list(papers)
