"""Printing what happened to addresses and files, for `why`. Not here: finding it out (`crawler.archive.ledger`)."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from crawler import reasons
from crawler.cli.output.words import KINDS_OF_ADDRESSES, OUTCOMES_OF_FETCHES
from crawler.cli.printing import run_of, say
from crawler.language import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.cli.printing import View


def histories(told: Mapping[str, Any], view: View) -> None:
    """Print what happened to addresses, in a paragraph each, or that an address was never seen."""
    if not told["seen"]:
        say(_("{name} was never seen: {advice}.").format(name=told["name"], advice=said(told["advice"])))
    for post in told["deleted"]:
        deleted = _("{post_id} of {site} was deleted on {day}; not asked for again")
        say(deleted.format(post_id=post["post_id"], site=post["site"], day=post["deleted_at"][:10]))
    for address in told["addresses"]:
        say(f"{address['url']}\n  {_state(address)}")
        say(f"  {view.time(address['found_at'])}  {_found(address)}")
        for fetch in address["fetches"]:
            say(f"  {view.time(fetch['fetched_at'])}  {_fetch(fetch, view)}")
        for kept in address["captures"]:
            place = _("kept as it was served: {file}, at {offset}").format(file=kept["file"], offset=kept["offset"])
            say(f"  {view.time(kept['captured_at'])}  {place}")
        if address["next_try_at"]:
            say(f"  {view.time(address['next_try_at'])}  {_('due to be asked for again')}")
    for file in told["files"]:
        commit = _(" at commit {commit}").format(commit=file["commit"][:12]) if file["commit"] else ""
        ended = _("run {run}: {outcome}").format(run=file["run"], outcome=_ended(file["outcome"], file["reason"]))
        say(f"{file['path']}{commit}\n  {view.time(file['imported_at'])}  {ended}")


def _ended(outcome: str, *others: str | None) -> str:
    """Return an outcome with what there is to say of it."""
    word = said(OUTCOMES_OF_FETCHES.get(outcome, outcome))
    return _(", ").join([word, *(reasons.said(other) for other in others if other)])


def _state(address: Mapping[str, Any]) -> str:
    """Return an address with its kind and state."""
    kind = said(KINDS_OF_ADDRESSES.get(address["kind"], address["kind"]))
    what = _("{kind} of {site}").format(kind=kind, site=address["site"])
    if address["state"] == "found":
        return _("{what}, waits for the next run").format(what=what)
    state = reasons.said(f"{address['state']}: {address['reason']}" if address["reason"] else address["state"])
    kept = _(", archived as {post_id}").format(post_id=address["post_id"]) if address["post_id"] else ""
    return _("{what}, {state}{kept}").format(what=what, state=state, kept=kept)


def _found(address: Mapping[str, Any]) -> str:
    """Return where an address was found, and the text of the link."""
    named = _("asked for by name")
    if address["found_on"]:
        named = _("found on {page}").format(page=address["found_on"])
    return _("{named}: {title}").format(named=named, title=address["title"]) if address["title"] else named


def _fetch(fetch: Mapping[str, Any], view: View) -> str:
    """Return how a fetch ended: `run 3: refused, HTTP 200, no title (rule layouts[page].title)`."""
    reason = fetch["reason"] or ""
    status = f"HTTP {fetch['status']}" if fetch["status"] and not reason.startswith("HTTP") else None
    rule = _(" (rule {rule})").format(rule=fetch["rule"]) if fetch["rule"] else ""
    again = ""
    if fetch["times"] > 1:
        last = view.time(fetch["last_fetched_at"])
        again = _(", {times} times to {last}").format(times=fetch["times"], last=last)
    runs = run_of(fetch) + (f"–{fetch['last_run']}" if fetch["last_run"] != fetch["run"] else "")
    ended = _ended(fetch["outcome"], status, reason)
    return _("run {run}: {outcome}").format(run=runs, outcome=f"{ended}{rule}{again}")
