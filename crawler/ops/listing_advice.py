"""What to tell a person whose definition does not fit the site's listings: the commonest mistake in a new one.

Not here: everything else that can be amiss after a run (`crawler.ops.advice`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.items import NAMES_NO_POST
from crawler.language import Sentence
from crawler.network.not_requested import REDIRECTED_TO
from crawler.reasons import sentence
from crawler.sites.addresses import start_addresses
from crawler.sites.commands import command
from crawler.sites.loading import load_site
from crawler.urls import authority_of

if TYPE_CHECKING:
    from crawler.archive.ledger.runs import Report
    from crawler.sites.definition import Site

_NO_POST = f"refused: {NAMES_NO_POST}"
_CAME = re.compile(rf"(?:refused|failed): ({NAMES_NO_POST}|no feed and no sitemap.*)", re.DOTALL)
_MOVED = re.compile(rf"refused: {REDIRECTED_TO}(.*)", re.DOTALL)
_GONE = "gone: "
_FORBIDDEN = "refused: forbidden by robots.txt"


def on_listings(report: Report, site_name: str, mirror: str | None = None) -> str | None:
    """Return what to change if listings were served and could not be used; `None` if that is not what was amiss.

    `site_name` is the site, or the file of its definition, as it was typed; `mirror` is where the run has asked.
    """
    site = load_site(site_name)
    homes = [address.url for address in start_addresses(site)][:1]
    shows = command("try", *(["--mirror", mirror] if mirror else []), *homes, site=site_name)
    return _moved(report, site) or _unfit(report, shows)


def _moved(report: Report, site: Site) -> Sentence | None:
    """Say that the home page redirects to somewhere else."""
    found = (_MOVED.fullmatch(reason) for reason in report["listing_reasons"])
    target = next((match[1] for match in found if match), None)
    if target is None or report["listings"]:
        return None
    if authority_of(target) in site.hosts:
        return Sentence(
            "The home page redirects to {target}: if that is where the site begins, write its path into `start` of"
            " the definition.",
            target=target,
        )
    return Sentence(
        "The home page redirects to {target}: if the site has moved there, put {host} first in `hosts` of the"
        " definition.",
        target=target,
        host=authority_of(target) or target,
    )


def _unfit(report: Report, shows: str) -> Sentence | None:
    """Say that listings came and could not be used, if nothing else was amiss; a command `shows` what is on home."""
    reasons = {reason: count for reason, count in report["listing_reasons"].items() if not reason.startswith(_GONE)}
    came = [match[1] for reason in reasons if (match := _CAME.fullmatch(reason))]
    if report["posts"]["failed"] or not reasons:
        return None
    if _NO_POST in reasons:
        return Sentence(
            "The home page came, but names no post: no link on it has the form of a post's address (`addresses.post`"
            " of the definition). `{command}` shows where its links lead.",
            command=shows,
        )
    if list(reasons) == [_FORBIDDEN]:
        return Sentence(
            "The site's robots.txt forbids some of the listings ({count}), and it is obeyed: leave them out of the"
            " definition.",
            count=reasons[_FORBIDDEN],
        )
    if len(came) < len(reasons):
        return None
    return Sentence(
        "A listing came, but could not be used ({reason}); the next run asks for it again.", reason=sentence(came[0])
    )
