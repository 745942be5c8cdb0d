"""One file a kind, named as its reader in collector/platforms: the pages that its platform would send.

    MOST     posts of one page, as that platform's API pages them
    page     (drafts) -> Page: the newest `MOST` or fewer, all of one office; parse gives one post for each
    decode   (bytes) -> anything: the bare format alone, by the fastest library that there is for it

Everything in them is invented. A kind without such a file is an error of the benchmark, not a gap in its table.
"""
