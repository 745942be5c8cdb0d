"""Whether an address of the web stands in a text: with its scheme, and behind it a host.

The rule is one regular expression of character classes alone, so that both databases can ask the same of texts that
no index has any more (`db.then`). What stands behind an address, a comma of any script, is of no account; an
address without a scheme is a word like others.
"""

import re

SCHEME = "[hH][tT][tT][pP]"
BEGUN = "[0-9A-Za-zÀ-ÖØ-öø-ɏЀ-ԯؠ-يٱ-ۓ]"  # what a host begins with: a digit or a letter, no mark of any script
_ADDRESS = re.compile(f"{SCHEME}[sS]?://{BEGUN}")


def stands_in(text: str) -> bool:
    return "://" in text and _ADDRESS.search(text) is not None
