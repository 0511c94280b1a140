"""A post: its page, what changed from revision to revision, and its other forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from crawler import dates
from crawler.errors import NoSuchPost, NoSuchRevision
from crawler.markdown.post_file import render_post
from crawler.web.addresses import security_name
from crawler.web.citations import gb7714, harvard
from crawler.web.pages.missing import Missing, posts_near
from crawler.web.showing.rendering import page
from crawler.web.showing.versions import as_one

if TYPE_CHECKING:
    from crawler.web.asked import Asked

_DESCRIBED = 160  # characters
_STEPS = 10  # on a page of changes


def post(asked: Asked) -> Response:
    """Show a post."""
    found = _found(asked)
    place, first = asked.place, next(iter(found["categories"]), None)
    before, after = asked.archive.beside(found["id"], first)
    canonical = place.to("post", found["post_id"])
    today = dates.day(asked.now, asked.zone)
    cited = place.whole(canonical) if asked.is_known_elsewhere else found["url"]
    return page(
        asked,
        "post.html",
        post=found,
        securities=[{**each, "href": _security(asked, each)} for each in found["mentions"]],
        categories=asked.archive.category_names(found["categories"]),
        history=len(asked.archive.history(asked["name"])),
        outside=_outside(found["url"]),
        shared=_outside(found["share_url"]),
        image=_outside(found["image"]),
        before=before,
        after=after,
        citations=[
            ("Harvard", harvard(found, cited, today)),
            ("GB/T 7714", gb7714(found, cited, today)),
        ],
        canonical=canonical,
        description=found["text"][:_DESCRIBED].replace("\n", " "),
        section=None,
    )


def markdown(asked: Asked) -> Response:
    """Return the post as its Markdown file."""
    return PlainTextResponse(render_post(_found(asked)), media_type="text/markdown")


def text(asked: Asked) -> Response:
    """Return the post as plain text, below its title and who published and wrote it when."""
    found = _found(asked)
    parts = [found["published_at"][:16].replace("T", " "), found["source"], ", ".join(found["authors"])]
    byline = " · ".join(filter(None, parts))
    return PlainTextResponse(f"{found['title']}\n{byline}\n\n{found['text']}\n")


def as_json(asked: Asked) -> Response:
    """Return the post as `finews show --format json` prints it."""
    return JSONResponse(_found(asked))


def changes(asked: Asked) -> Response:
    """Show what the latest revisions changed, and lead to what those before did."""
    found = _found(asked)
    before = asked.number("before", 0, 0, 10**9) or None
    steps = asked.archive.steps(asked["name"], before=before, limit=_STEPS)
    view = "one" if asked.get("view") == "one" else "side"
    older = steps and steps[-1].before["revision"] > 1
    return page(
        asked,
        "changes.html",
        post=found,
        steps=steps,
        texts=[as_one(step.old_text, step.new_text) for step in steps] if view == "one" else [],
        view=view,
        older=asked.place.here(before=str(steps[-1].after["revision"])) if older else None,
        canonical=asked.place.to("post", found["post_id"], "changes"),
        section=None,
    )


def _found(asked: Asked) -> dict[str, Any]:
    """Return the post that is asked for, in the revision that is. Raises `Missing`."""
    name = asked["name"]
    revision = asked.number("revision", 0, 0, 10**9) or None
    try:
        return asked.archive.post(name, revision=revision)
    except (NoSuchPost, NoSuchRevision) as error:
        raise Missing(name, posts_near(asked, name)) from error


def _security(asked: Asked, mention: dict[str, Any]) -> str:
    return asked.place.to("security", security_name(mention["symbol"], mention["market"], mention["code"]))


def _outside(url: str | None) -> str | None:
    """Return an address on the site that a browser may be led to."""
    return url if url and url.startswith(("http://", "https://")) else None
