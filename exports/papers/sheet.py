"""labels.csv of a drawn sample (exports.sampling), described as the tables are."""

from exports.papers.about import About
from exports.sampling import LABEL
from exports.tables import ID, Field, Table


def table(about: About) -> Table | None:
    """None where the release is no sample."""
    if not about.manifest.get("sample"):
        return None
    labels = (Field(LABEL + topic["slug"], f"whether {topic['slug']} holds: 1 or 0; ? or nothing for no answer")
              for topic in about.topics)  # fmt: skip
    return Table("labels", "one post of the sample, in the order to read them in, for people to label", (
        Field("id", ID, required=True),
        Field("stratum", "its stratum; the manifest says which, and how many posts it stands for", required=True),
        Field("text", "its text; empty where the platform's terms withhold it"),
        Field("lang", "its language"),
        Field("url", "its public address"),
        *labels,
        Field("note", "whatever the person who labels it wants to say"),
        Field("text_sha256", "tells whether the text was changed since", required=True),
    ), ("id",))  # fmt: skip
