"""README.md: the dataset card. Only what is true of this release, so that nobody has to ask its maker."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.version import SOFTWARE
from exports.papers import citation, command, recipes, sheet
from exports.papers import models as model_cards
from exports.papers.about import About
from exports.papers.front import front
from exports.papers.markup import block, code, inline, page, table
from exports.sampling import SHEET

Section = Iterator[str]


def card(about: About) -> str:
    return front(about) + "\n\n" + page(f"# {inline(about.title)}", *(
        part for section in _SECTIONS for part in section(about)
    ))  # fmt: skip


def _opening(about: About) -> Section:
    if not about.public:
        yield (
            "**For the operator's own use.** This copy may hold texts that their platforms' terms do not let"
            " anybody pass on, and who corrected tags. `--audience public` makes one that can be shared."
        )
    found = f"What an archive of {SOFTWARE} finds for the query {code(about.query)}"
    if not about.filled:
        yield "**This release is empty**: no table of it has a row."
    known = f"as of {about.as_of}; {about.stood}" if about.ahead else f"as it knew it at {about.as_of}"
    yield (
        f"{found if about.query else f'All that an archive of {SOFTWARE} holds'}, {known}."
        " Around the posts stand, where they were chosen, the tags that models and people gave them, the versions"
        " that were seen, counts over time, where they were seen, and when anybody was looking."
    )
    yield table(("what", "of this release"), [(name, said) for name, said in _facts(about) if said])


def _facts(about: About) -> Iterator[tuple[str, str]]:
    counts = about.counts
    yield "posts", str(about.found) + ("" if "posts" in about.tables else " found; the table posts was not chosen")
    yield "published", f"{counts['first']} to {counts['last']}" if counts["first"] else ""
    yield "languages", _counted(counts["languages"])
    yield "platforms", _counted(counts["platforms"])
    yield "posts tagged", ", ".join(f"`{slug}` {count}" for slug, count in counts["topics"].items())
    yield "audience", about.manifest["audience"]
    yield "version", f"`{about.version}`"
    yield "made by", f"{SOFTWARE} {inline(about.manifest['software']['version'])}"


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{inline(name)} {count}" for name, count in found.items())


def _tables(about: About) -> Section:
    yield "## Files"
    rows = [(f"`{about.file(name)}`", about.rows(name), said.about) for name, said in about.tables.items()]
    drawn = sheet.table(about)
    rows += [(f"`{SHEET}`", about.manifest["sample"]["drawn"], drawn.about)] if drawn else []
    yield table(("file", "rows", "one row is"), rows)
    yield (
        "`codebook.md` says what each column and topic means, `datapackage.json` the same for programs"
        " (Frictionless), `models.md` how good the tags are, `CITATION.cff` how to cite, `manifest.json` what was"
        " asked, counts, digests, and where the archive stood"
        + (", `rehydrate.md` how to look up posts of X." if about.ids_only else ".")
    )
    yield from _csv(about)
    yield from _sample(about)


def _csv(about: About) -> Section:
    said = about.manifest.get("csv")
    if not said:
        return
    yield (
        'Nested fields are joined by `_`, lists are JSON in a cell, an empty cell is null and `""` an empty text;'
        " most readers take both for null."
        + (" The file begins with the byte order mark by which Excel knows UTF-8." if said["bom"] else "")
    )
    if said["raw"]:
        yield (
            "**Cells stand here as they were written** (`--raw`). A spreadsheet takes those that begin with = + -"
            " or @ for formulas: do not open this file in one."
        )
    else:
        yield (
            "Cells that a spreadsheet would take for a formula, those that begin with = + - @, a tab or a"
            " carriage return, have one ' in front, as have those that began with ' and then such a sign:"
            f" {said['defused']} cells. So the handle @office stands as `'@office`; to read what was written take"
            " one ' off."
        )


def _sample(about: About) -> Section:
    said = about.manifest.get("sample")
    if not said:
        return
    by = ", ".join(map(inline, said["stratify"]))
    yield (
        f"**A drawn sample**: {said['drawn']} of {said['posts']} posts, {f'spread over {by}, ' if by else ''}by"
        f" the seed {said['seed']}. Shares in it are not those of all that the query finds, unless each post is"
        " weighed: `sample` in the manifest has of each stratum how many `posts` there were and how many were"
        " `drawn`. `labels.csv` is the sheet that people fill in; it says nothing of what the model thinks."
    )


def _coverage(about: About) -> Section:
    yield "## Coverage"
    yield (
        "That a post is not here does not say that nobody published it: it may not have been looked for, or was"
        " gone before anybody looked. What is here comes from the accounts and pages that the operator follows,"
        " or was imported from files" + ("; `sightings` names the source." if _seen(about) else ".")
    )
    if "runs" in about.tables:
        yield (
            f"`{about.file('runs')}` has the collector's runs (looks at sources), {about.rows('runs')} of them:"
            " a day without posts on which a run ended as `ok`, `empty` or `not_modified` was quiet, one without"
            " such a run is unknown."
        )
    else:
        yield (
            "The collector's runs (looks at sources) were not chosen for this release, so silence cannot be told"
            " from it."
        )
    if about.has("posts", "created_at_precision"):
        yield (
            "`created_at_precision` says how exact a time is; where it is `seen` nobody knows when the post was"
            " published."
        )


def _seen(about: About) -> bool:
    return "sightings" in about.tables or about.has("posts", "sightings")


def _withheld(about: About) -> Section:
    yield "## What was withheld"
    entries = about.manifest["withheld"]
    if not entries:
        yield "Nothing." if about.public else "Nothing: it is the operator's own copy."
        return
    rows = [
        (inline(e["platform"]), f"`{e['policy']}`", e["posts"], ", ".join(f"`{f}`" for f in e.get("fields", ())),
         inline(e["why"]))
        for e in entries
    ]  # fmt: skip
    yield table(("platform", "may be shared", "posts", "withheld of them", "why"), rows)
    said = [
        "The fields of `rights` say of each post which policy holds, and whether its text stayed with the operator."
        if about.has("posts", "rights") else "",
        "Tags were made from the whole text." if about.judged else "",
        "`text_sha256` is the whole text's digest." if about.digests else "",
        "A withheld text can be looked up by the post's address or id at its platform.",
    ]  # fmt: skip
    yield " ".join(filter(None, said))
    if about.ids_only:
        yield (
            "Posts of X leave as ids, with what the archive says about them: `rehydrate.md` tells how to look"
            " them up."
        )


def _gone(about: About) -> Section:
    if not about.of_posts:
        return
    yield "## Edited, deleted, erased"
    said = [
        "Nothing is overwritten: an edit or a deletion is a version of its own"
        + (" (`versions`)." if "versions" in about.tables else "; the table of versions was not chosen."),
        "Of a post that its author deleted `deleted_at` says when the archive saw that it was gone."
        if about.has("posts", "deleted_at") else "",
        "Where the platform's terms or a person wanted it, what a post said was erased: it has no row in posts any"
        " more"
        + (", its versions stay with `erased`, digest and cause." if "versions" in about.tables else "."),
        f"Of the posts that were found: {about.counts['erased']}.",
    ]  # fmt: skip
    yield " ".join(filter(None, said))
    yield (
        "A post that is deleted after you got this release is not deleted in your copy. Ask the operator for a"
        " newer one, and let go of what is gone from it (`kle export diff OLD NEW` lists it)."
    )


def _synthetic(about: About) -> Section:
    count = about.counts["synthetic"]
    if count and about.of_posts:
        yield "## Sample data"
        yield (
            f"{count} of the posts are synthetic: written as sample data by the makers of {SOFTWARE} or by the"
            " operator, of invented offices. Nobody published them; leave them out of every count about the"
            " world"
            + (
                " (`synthetic`)."
                if about.has("posts", "synthetic")
                else ". The column that tells them was not chosen."
            )
        )


def _tags(about: About) -> Section:
    if not about.judged:
        return
    yield "## Tags and their limits"
    yield (
        "A tag is a model's reading of a text: probability, decision and the sentence that speaks for it."
        " `tagged` is at or above the topic's threshold, `unsure` close below. A person's correction (`by` is"
        " `person`) wins over every model."
    )
    for entry in about.cards:
        yield _judge(entry["digest"], entry["card"])
    if about.cards:
        yield "All figures, thresholds and limits: `models.md`. Do not act on a tag without reading the post."


def _judge(digest: str, said: Mapping[str, Any]) -> str:
    test = said.get("test")
    spoken = model_cards.languages(said)
    parts = [f"Model `{digest}`: {inline(model_cards.name(said)).rstrip('.')}."]
    parts += [f"Languages: {', '.join(map(inline, spoken))}."] if spoken else []
    if test:
        parts.append(
            f"On {test['posts']} posts of its test part macro F1 {test['macro_f1']:.3f}, micro F1"
            f" {test['micro_f1']:.3f}; {test['off_topic_tagged']:.1%} of off-topic posts got a tag."
        )
    else:
        parts.append("Nothing was measured of it.")
    first = next(iter(said.get("limits") or ()), None)
    return " ".join([*parts, *([inline(first)] if first else [])])


def _pseudonyms(about: About) -> Section:
    said = about.manifest.get("pseudonyms")
    if said:
        yield "## Pseudonyms"
        yield (
            f"Handles of the {said['accounts']} accounts that the operator assigned to no institution (`actor`)"
            " are pseudonyms: `~` and 32 hex digits, the same for the same account under one key (a keyed BLAKE2;"
            f" the key stays with the operator, its fingerprint is `{said['key']}`). Their names and the addresses"
            " of their posts are left out. **They are no anonymity**: a post's id leads to the post, and its text"
            " is found by any search engine. They keep names out of tables and plots, no more."
        )


def _reading(about: About) -> Section:
    lines = recipes.reading(about)
    yield "## Reading it"
    if not about.filled:
        yield "No table has rows."
        return
    if lines:
        for tool, (language, text) in lines.items():
            yield f"{tool}:"
            yield block(text, language)
    empty = ", ".join(f"`{name}`" for name in about.tables if name not in about.filled)
    if empty and lines:
        yield f"`datasets` loads no table without rows, so not {empty}."
    if about.format == "csv":
        yield (
            "Excel: open a file that was made with `--bom` as it is; any other by Data, From Text/CSV, as UTF-8."
            " DuckDB, Excel and R guess types; `datapackage.json` has the right ones."
        )
        if about.has("posts", "platform_id"):
            yield (
                "Ids are texts. Excel and R take ids of X in `platform_id` for numbers and lose their last digits:"
                " import that column as text, or go by `id`."
            )


def _citing(about: About) -> Section:
    yield "## How to cite"
    yield inline(citation.text(about))
    yield block(citation.bibtex(about), "bibtex")


def _verifying(about: About) -> Section:
    yield "## How to verify"
    yield (
        "Whoever has the archive: `kle export --verify DIR` checks every digest and says whether the archive still"
        " agrees. Whoever has not, whether the files are those of the manifest (Python 3.11):"
    )
    yield block(recipes.FILES, "python")
    recompute = recipes.content(about)
    yield (
        "`content` in the manifest has a digest of what each table says, whatever its format: SHA-256 over its"
        " rows as canonical JSON (RFC 8785), each with an end of line."
        + (" To compute it:" if recompute else " From CSV `kle export --verify DIR` computes it.")
    )
    if recompute:
        yield block(recompute, "python")


def _rebuilding(about: About) -> Section:
    said = about.manifest
    yield "## How to build it again"
    yield (
        f"On the same archive, with {SOFTWARE} {inline(said['software']['version'])} and pyarrow"
        f" {inline(said['pyarrow'])}, these are the same bytes on any machine; with other versions `content` is"
        " the same. What was erased since, and terms that became stricter, make it another one."
    )
    if about.ahead:
        yield (
            f"**As of {about.as_of}; {about.stood}.** Until that moment has passed the same command may give more."
        )
    yield block(command.rebuild(about), "sh")


def _licence(about: About) -> Section:
    yield "## Licence"
    given = about.citation.licence
    own = (
        f"under {inline(given)}" if given else "the operator's; no licence was named for them, so ask before reuse"
    )
    yield (
        f"Tags and metadata are {own}. The texts are not the operator's to license: they are their authors', and"
        " under the terms of the platform that each was published on"
        + (", which `rights` sums up." if about.has("posts", "rights") else ".")
    )


def _use(about: About) -> Section:
    yield "## Responsible use"
    yield (
        "These are words of institutions and of people who speak in office, collected to study what they say in"
        " public. Do not build profiles of persons from it, do not try to find out who is behind a pseudonym, and"
        " keep an author's wish: what was deleted is not to be brought back."
    )
    if about.citation.contact:
        yield f"Questions, and requests to take something out: {inline(about.citation.contact)}"


_SECTIONS = (
    _opening, _tables, _coverage, _withheld, _gone, _synthetic, _tags, _pseudonyms, _reading, _citing, _verifying,
    _rebuilding, _licence, _use,
)  # fmt: skip
