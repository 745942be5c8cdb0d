"""One source on one screen: what was asked, what came, what was read, what it costs, what the next run will do."""

from typing import Any

from kle import output
from kle.checking import Finding


def show(finding: Finding) -> None:
    source = finding.source
    output.say(f"{source.name}: kind {source.kind}, {'enabled' if source.enabled else 'disabled'}")
    _rows("asked", [f"{url} -> {status}" for url, status in finding.asked] or _not_asked(finding))
    _rows("came", [f"{finding.pages} pages, {finding.size:,} bytes"] if finding.pages else [])
    _rows("read", _read(finding))
    _rows("not read", [f"{count} x {reason}" for reason, count in finding.reasons.most_common(5)])
    _rows("lacks", finding.lacks)
    _rows("error", [finding.error] if finding.error else [])
    _rows("costs", _costs(finding.cost))
    _rows("next run", finding.plan)


def _rows(name: str, rows: list[str]) -> None:
    for number, row in enumerate(rows):
        output.say(f"  {name if number == 0 else '':9} {output.printable(row)}")


def _not_asked(finding: Finding) -> list[str]:
    if finding.cost:
        return ["nothing: this kind costs money, so it is priced and not asked"]
    return ["nothing on the web: it reads files"] if finding.pages else []


def _read(finding: Finding) -> list[str]:
    if not finding.posts:
        return ["no posts"] if finding.pages else []
    kinds = ", ".join(f"{count} {kind}" for kind, count in finding.kinds.most_common())
    span = f", {finding.oldest:%Y-%m-%d} to {finding.newest:%Y-%m-%d}" if finding.newest else ", none with a date"
    rows = [f"{finding.posts} posts ({kinds}){span}"]
    for post in finding.newest_posts:
        date = f"{post.created_at:%Y-%m-%d %H:%M}" if post.created_at else "no date"
        rows.append(f"  {date}  {' '.join(post.text.split())[:70] or post.url or post.id}")
    return rows


def _costs(cost: Any) -> list[str]:
    if cost is None:
        return []
    known = cost.new_a_day is not None
    new = f"about ${cost.new_a_day:.2f} a day" if known else "unknown until it was read for a while"
    rounds = f", over {cost.days_of_first_round:.1f} days" if cost.days_of_first_round else ""
    return [
        f"first round about ${cost.first_round:.2f}{rounds}",
        f"new posts {new}; asking again for known ones ${cost.rechecks_a_day:.2f} a day",
        f"never more than ${cost.budget:.2f} a day (daily_budget_usd)",
    ]
