"""Checking what the types of a definition cannot express: what is empty, contradicts itself or would do nothing.

Not here: types (`crawler.sites.checking`), and reading files (`crawler.sites.loading`).
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import jmespath
from jmespath.exceptions import JMESPathError

from crawler.sites.addresses import all_hosts
from crawler.sites.checking import WrongValueError
from crawler.sites.definition import Addresses
from crawler.sites.hosts import plain_address
from crawler.urls import host_of, is_public

if TYPE_CHECKING:
    from crawler.sites.definition import AddressForm, Layout, Rule, Site

# Steps that only certain fields take.
_ONLY_OF = {"all": ("body",), "split": ("tags", "authors"), "timezone": ("date",), "order": ("date",)}
_SHOWN = 60  # characters of a wrong path that are quoted
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def check_sense(site: Site) -> None:
    """Raise `WrongValueError` for the first key that makes no sense."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", site.name):
        raise WrongValueError("name", "is {name!r}; small letters, digits, - and _ are allowed", name=site.name)
    needed = {"hosts": site.hosts, "start": site.start or site.feed or site.sitemap, "layouts": site.layouts}
    for key, value in needed.items():
        if not value and (any(needed.values()) or site.addresses != Addresses(post=())):
            raise WrongValueError(key, "is empty; at least one is needed")
    _check_layout_names(site)
    _check_addresses(site)
    for index, layout in enumerate(site.layouts):
        _check_layout(layout, f"layouts[{index}]")
    if site.share is not None:
        _check_template(site.share.link, "id", "share.link")
        plain_address(site.share.link, "share.link")  # only checked: it stays as the site writes it
        _check_template(site.share.text, "id", "share.text")
        if not site.share.body:
            raise WrongValueError("share.body", "is empty; at least one key of the answer is needed")
    _check_files(site)
    if site.navigation is not None:
        _check_template(site.navigation, "name category", "navigation")
    _check_hosts_are_public(site)


def _check_hosts_are_public(site: Site) -> None:
    """Refuse a definition with hosts on this machine or a private network, unless it says `private: true`."""
    names = {host.removeprefix("*.").partition(":")[0] for host in all_hosts(site)}
    others = sorted(name for name in names if not is_public(f"{site.scheme}://{name}"))
    if others and not site.private:
        raise WrongValueError(
            "private",
            "is not true, and the host {others!r} is no public name; say `private: true` if you trust the"
            " definition and the site is meant to be on this machine or a private network",
            others=others[0],
        )


def _check_addresses(site: Site) -> None:
    for index, path in enumerate(site.start):
        _check_path(path, f"start[{index}]")
    if site.has_addresses and not site.addresses.post:
        raise WrongValueError("addresses.post", "is empty; at least one form is needed, or no post would be found")
    for kind, group in (("post", "id"), ("category", "slug"), ("share", "id")):
        for index, form in enumerate(getattr(site.addresses, kind)):
            _check_form(form, group, f"addresses.{kind}[{index}]")


def _check_files(site: Site) -> None:
    _check_path(site.files.page, "files.page")
    _check_template(site.files.page, "categories year month day id", "files.page")
    if "id" not in re.compile(site.files.named).groupindex:
        raise WrongValueError("files.named", "has no group (?P<id>…); it is needed to tell one from another")
    if site.files.expired is not None:
        _check_template(site.files.expired, "date id", "files.expired")
        if not host_of(site.files.expired):
            raise WrongValueError(
                "files.expired",
                "is {expired!r}; an address with a host is expected",
                expired=site.files.expired,
            )


def _check_layout_names(site: Site) -> None:
    """Refuse two layouts of one name: a post and a refusal say by which layout a page was read."""
    names = [layout.name for layout in site.layouts]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise WrongValueError(f"layouts[{index}].name", "is {name!r}, as that of a layout before it", name=name)


def _check_layout(layout: Layout, key: str) -> None:
    for name in ("title", "body", "date"):
        if not getattr(layout, name):
            raise WrongValueError(f"{key}.{name}", "is empty; at least one rule is needed")
    for field in fields(layout):
        rules = getattr(layout, field.name)
        for index, rule in enumerate(rules if isinstance(rules, tuple) else ()):
            _check_rule(rule, field.name, f"{key}.{field.name}[{index}]")
            _check_path_expression(rule, f"{key}.{field.name}[{index}]")


def _check_rule(rule: Rule, field: str, key: str) -> None:
    """Refuse a rule that would return a whole page as a value, and steps that would do nothing."""
    if rule.attribute is not None and rule.css is None and rule.link is None:
        raise WrongValueError(f"{key}.attribute", "needs an element to be of: give css or link")
    narrows = (rule.after, rule.after_last, rule.before, rule.css, rule.link, rule.pattern)
    if rule.of in {"page", "body"} and not any(narrows):
        raise WrongValueError(key, "would take everything; give one of after, before, css, link, pattern")
    if rule.of == "json-ld" and rule.path is None:
        raise WrongValueError(key, "needs a path into the JSON-LD: path: headline")
    for step, fields_with_it in _ONLY_OF.items():
        if getattr(rule, step) and field not in fields_with_it:
            raise WrongValueError(
                f"{key}.{step}", "does nothing here; it is for {fields}", fields=" and ".join(fields_with_it)
            )
    if field == "body":
        _check_body_rule(rule, key)


def _check_body_rule(rule: Rule, key: str) -> None:
    """Refuse what cannot give a body: it is cut out of the page, or is in its JSON-LD."""
    if rule.of not in {"page", "json-ld"}:
        raise WrongValueError(f"{key}.of", "is {of!r}; a body is read of: page, json-ld", of=rule.of)
    if rule.link is not None:
        raise WrongValueError(f"{key}.link", "does nothing here; a link holds no body")


def _check_path_expression(rule: Rule, key: str) -> None:
    try:
        jmespath.compile(rule.path or "@")
    except (JMESPathError, RecursionError) as error:  # RecursionError: thousands of brackets
        raise WrongValueError(
            f"{key}.path",
            "is {path!r}; a JMESPath is expected, such as props.pageProps.title",
            path=(rule.path or "")[:_SHOWN],
        ) from error


def _check_form(form: AddressForm, group: str, key: str) -> None:
    groups = re.compile(form.match).groupindex
    if group not in groups and not (group == "id" and "id1" in groups):
        raise WrongValueError(
            f"{key}.match",
            "has no group (?P<{group}>…); it is needed to tell one from another",
            group=group,
        )
    if form.address is not None:
        _check_template(form.address, " ".join({group: 0, **groups} if group in groups else groups), f"{key}.address")
        _check_path(form.address, f"{key}.address")
        if form.hosts and form.hosts[0].startswith("*."):
            raise WrongValueError(
                f"{key}.address", "needs one host to be on; hosts begins with all subdomains of one"
            )


def _check_path(path: str, key: str) -> None:
    """Check that a path can follow a host name: without its slash, `feed.xml` would become part of the host."""
    if not path.startswith("/"):
        raise WrongValueError(key, "is {path!r}; a path that begins with / is expected", path=path)


def _check_template(template: str, names: str, key: str) -> None:
    """Check that a template has no placeholders but `names` (separated by spaces), and no stray brackets."""
    unknown = set(_PLACEHOLDER.findall(template)) - set(names.split())
    if unknown or set("{}") & set(_PLACEHOLDER.sub("", template)):
        allowed = " and ".join(f"{{{name}}}" for name in names.split())
        raise WrongValueError(
            key,
            "is {template!r}; the only placeholder allowed is {allowed}",
            template=template,
            allowed=allowed,
        )
