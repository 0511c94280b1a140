"""Editing the sample site while it is served, as the real site's author edits posts.

Each edit raises the same figure in the same post, so there can be any number of them. As on the real site, home and
category pages stay as they are, because they show titles only. Not here: who asks for an edit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.ops.sample_site.frame import SITE
from crawler.ops.sample_site.site import BUILT_AT, build, bundled_extras, bundled_posts

if TYPE_CHECKING:
    from crawler.ops.sample_site.server import RunningServer
    from crawler.ops.sample_site.site import SampleSite
    from crawler.ops.sample_site.source import SourcePost

EDITED = "NW202204182348120001"
"""The id of the post that is edited: the invented one about a village's harvest of tea."""

_HARVEST, _MORE = 210, 10  # tons


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of the post `post_id` at `url`, the `number`th since the site went up: `before` became `after`."""

    post_id: str
    url: str
    number: int
    before: str
    after: str


class Editor:
    """Edits the site of a running server, one edit at a time."""

    def __init__(self, server: RunningServer) -> None:
        """Begin with the bundled site, without edits."""
        self._server, self._edits, self._one_at_a_time = server, 0, threading.Lock()

    def edit(self) -> Edit:
        """Edit the site once more, and serve it so from the next request on."""
        with self._one_at_a_time:
            self._edits += 1
            self._server.site = site_after(self._edits)
            (post,) = (post for post in bundled_posts() if post.id == EDITED)
            return Edit(
                EDITED, f"{SITE}{post.address}", self._edits, _harvest(self._edits - 1), _harvest(self._edits)
            )


def site_after(edits: int) -> SampleSite:
    """Build the bundled site as it is after so many edits, each an hour after the one before."""
    posts = [_edited(post, edits) if post.id == EDITED else post for post in bundled_posts()]
    return build(posts, bundled_extras(), BUILT_AT + timedelta(hours=edits))


def _edited(post: SourcePost, edits: int) -> SourcePost:
    return replace(post, body=post.body.replace(_harvest(0), _harvest(edits)))


def _harvest(edits: int) -> str:
    return f"约{_HARVEST + _MORE * edits}吨"
