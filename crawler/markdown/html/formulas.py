"""Formulas in MathML as a line of text: `1/2`, `x^2`, or the TeX that they were made from.

Not here: which formulas a page has (`crawler.markdown.html.scriptless`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_BETWEEN = {
    "mfrac": "/", "msup": "^", "mover": "^", "msub": "_", "munder": "_", "msubsup": "_^", "munderover": "_^",
}  # fmt: skip
_SPACE = re.compile(r"\s+")


def as_text(formula: LexborNode) -> str:
    """Return the text of a `math` element: its TeX between dollar signs, if it has any. The element is used up."""
    tex = next(
        (node.text() for node in formula.css("annotation") if "tex" in (node.attributes.get("encoding") or "")), ""
    )
    if tex.strip():
        return f"${_SPACE.sub(' ', tex).strip()}$"
    for node in formula.css("annotation, annotation-xml"):
        node.remove()
    for node in reversed(formula.css(", ".join(_BETWEEN))):
        _put_between(node, _BETWEEN[node.tag or ""])
    for node in reversed(formula.css("msqrt, mroot")):
        node.insert_before("√(")
        node.insert_after(")")
    for node in formula.css("mtd, mtr"):
        node.insert_after(" " if node.tag == "mtd" else "; ")
    return _SPACE.sub(" ", formula.text()).strip(" ;")


def _put_between(node: LexborNode, signs: str) -> None:
    """Put signs between what stands above and below, which is set in brackets if it is more than one term."""
    terms = [child for child in node.iter() if child.is_element_node]
    for sign, term in zip(("", *signs), terms, strict=False):
        is_one = term.text().strip().replace(".", "").isalnum()
        term.insert_before(sign if is_one else f"{sign}(")
        if not is_one:
            term.insert_after(")")
