"""Words that reports use for what became of posts, runs and addresses. Not here: reasons (`crawler.reasons`)."""

from __future__ import annotations

from crawler.language import Sentence, said

NUMBERED = {
    "new": Sentence("{count} new"),
    "changed": Sentence("{count} changed"),
    "unchanged": Sentence("{count} unchanged"),
    "refused": Sentence("{count} refused"),
    "failed": Sentence("{count} failed"),
    "gone": Sentence("{count} gone"),
    "pending": Sentence("{count} pending"),
    "listed": Sentence("{count} listed"),
    "stored": Sentence("{count} stored"),
    "missing": Sentence("{count} missing"),
}
ENDED = {"finished": Sentence("finished"), "interrupted": Sentence("interrupted"), "failed": Sentence("failed")}
OUTCOMES = (
    Sentence("new"),
    Sentence("changed"),
    Sentence("unchanged"),
    Sentence("refused"),
    Sentence("failed"),
    Sentence("gone"),
    Sentence("pending"),
)
KINDS_OF_ADDRESSES = {
    "home": Sentence("home"),
    "feed": Sentence("feed"),
    "category": Sentence("category"),
    "post": Sentence("post"),
    "share": Sentence("share"),
    "expired": Sentence("expired"),
}
OUTCOMES_OF_FETCHES = {
    "new": Sentence("new"),
    "changed": Sentence("changed"),
    "unchanged": Sentence("unchanged"),
    "refused": Sentence("refused"),
    "failed": Sentence("failed"),
    "gone": Sentence("gone"),
    "read": Sentence("read"),
}
WAYS = {  # by which a version came
    "page": Sentence("page"),
    "share": Sentence("share"),
    "expired": Sentence("expired"),
    "import": Sentence("import"),
    "capture": Sentence("capture"),
    "rules": Sentence("rules"),
}
KINDS = {
    "outlets": Sentence("outlets"),
    "categories": Sentence("categories"),
    "securities": Sentence("securities"),
    "days": Sentence("days"),
    "sites": Sentence("sites"),
}


def numbered(name: str, count: int) -> str:
    """Return a number of posts with its word, such as `21 new`; `name` is a key of `NUMBERED`."""
    return said(NUMBERED[name]).format(count=count)


def ended(outcome: str) -> str:
    """Return how a run ended."""
    return said(ENDED.get(outcome, outcome))
