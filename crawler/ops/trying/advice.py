"""What to do about a page that a definition does not read: one sentence for each reason that a definition can mend.

Not here: reasons that lie with the site or the network, which speak for themselves (`crawler.reasons`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.items import NAMES_NO_POST
from crawler.language import Sentence
from crawler.network.not_requested import REDIRECTED_TO
from crawler.ops.trying.trial import NOBODY, NOT_OF_SITE
from crawler.sites.addresses import all_hosts
from crawler.text.outside import one_line
from crawler.urls import authority_of, path_of

if TYPE_CHECKING:
    from crawler.ops.trying.trial import Trial
    from crawler.sites.definition import Site

_SHOWN = 3  # addresses
_LONGEST = 100  # characters of one


def advice(trial: Trial, site: Site) -> str | None:
    """Return what to change in the definition of `site`, or in the call, to have a page read; `None` if nothing."""
    reason = trial.reason or ""
    if trial.address is None:
        return Sentence(
            "The file does not say at which address it was served, from which its id and perhaps its date are read:"
            " name it with --address."
        )
    if reason == NOT_OF_SITE:
        return _of_address(trial.address, site)
    if reason == NAMES_NO_POST:
        return _of_listing(trial)
    return _of_post(reason, trial.rule or "", site)


def _of_post(reason: str, rule: str, site: Site) -> Sentence | None:
    if reason == "unknown layout":
        signs = ", ".join(f"{layout.name}: {layout.sign}" for layout in site.layouts)
        return Sentence("The page contains the sign of no layout ({signs}).", signs=one_line(signs))
    if reason.startswith(REDIRECTED_TO):
        return Sentence("A redirect is followed only to the same page: use the address that it leads to.")
    if reason.startswith("no ") and rule.startswith("layouts["):
        return Sentence("No rule of {rule} has found any.", rule=rule)
    if reason.startswith("date cannot be read"):
        return Sentence(
            "Have the rule keep only the date, with `pattern`, or say with `order` in which order day and month are"
            " written."
        )
    return None


def _of_address(url: str, site: Site) -> Sentence:
    if authority_of(url) not in all_hosts(site):
        return Sentence(
            "Its host is none of the site's ({hosts}): add it to `hosts` if it is.", hosts=", ".join(site.hosts)
        )
    return Sentence(
        "No form in `addresses` matches {path}, and it is no start page, feed or sitemap, so that no crawl would"
        " request it.",
        path=one_line(path_of(url), _LONGEST),
    )


def _of_listing(trial: Trial) -> Sentence:
    nobodys = trial.links.get(NOBODY, ())
    if not nobodys:
        return Sentence("It has no link to a page of the site: posts may be listed by a script, or elsewhere.")
    shown = ", ".join(one_line(path_of(url), _LONGEST) for url in nobodys[:_SHOWN])
    if len(nobodys) == 1:
        return Sentence(
            "None of its links has the form of a post's address (`addresses.post`). 1 leads to another page of the"
            " site: {shown}.",
            shown=shown,
        )
    return Sentence(
        "None of its links has the form of a post's address (`addresses.post`). {count} lead to other pages of the"
        " site, such as {shown}.",
        count=len(nobodys),
        shown=shown,
    )
