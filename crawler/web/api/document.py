"""The OpenAPI document, made from the types of the answers, so that it says what they are.

Not here: the answers (`crawler.web.api.answers`).
"""

from __future__ import annotations

import types
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from crawler import __version__
from crawler.web.api.answers import ANSWERS, Answer

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}
_NUMBERS = {"limit", "offset", "revision"}
_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
    "additionalProperties": False,
}
_QUERY = {
    "q": 'A query: words that must all occur, "…" for one term, -term, OR.',
    "since": "From this time on: 2022, 2022-04, 2022-04-20.",
    "until": "Up to this time; a day, month or year counts as a whole.",
    "source": "The outlet: 大江网.",
    "author": "The name of an author.",
    "category": "The slug of a category: dajiangwang.",
    "stock": "A security: 600160, 600160.SH, a name.",
    "as_of": "Search what the archive knew at that time.",
    "sort": "relevance or date.",
    "collapse": "Anything here shows a story only once.",
    "day": "A day, a month or a year.",
    "limit": "How many.",
    "offset": "How many to skip.",
    "cursor": "The `next` of the page before.",
    "revision": "The number of a revision.",
    "address": "An address, or the id of a post.",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "finews archive",
            "version": __version__,
            "description": "An archive of news, as JSON. Times are ISO 8601. Names in a path are percent-encoded.",
        },
        "paths": {path: {"get": _operation(path, answer, schemas)} for path, answer in ANSWERS.items()},
        "components": {"schemas": schemas},
    }


def _operation(path: str, answer: Answer, schemas: dict[str, Any]) -> dict[str, Any]:
    named = (
        [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}] if "{name}" in path else []
    )
    asked = [
        {
            "name": name,
            "in": "query",
            "description": _QUERY[name],
            "schema": {"type": "integer" if name in _NUMBERS else "string"},
        }
        for name in answer.query
    ]
    errors = {
        "400": "The question cannot be read.",
        "404": "There is no such thing.",
        "503": "There is no answer now.",
    }
    return {
        "operationId": "_".join(part.strip("{}") for part in path.split("/")[2:]),
        "summary": (answer.give.__doc__ or "").strip(),
        "parameters": [*named, *asked],
        "responses": {
            "200": {"description": "The answer.", "content": _json(_schema(answer.shape, schemas))},
            **{
                status: {"description": why, "content": _json({"$ref": "#/components/schemas/Error"})}
                for status, why in errors.items()
            },
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _schema(shape: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a type; that of a typed dictionary is put into `schemas`."""
    if is_typeddict(shape):
        return _object(shape, schemas)
    if get_origin(shape) is Literal:
        return {"enum": list(get_args(shape))}
    return _PLAIN[shape] if shape in _PLAIN else _compound(shape, schemas)


def _compound(shape: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type that is made of others."""
    origin, parts = get_origin(shape), [_schema(each, schemas) for each in get_args(shape) if each is not Ellipsis]
    if origin in {Required, NotRequired}:
        return parts[0]
    if origin in {Union, types.UnionType}:
        return {"anyOf": parts}
    if origin is dict:
        return {"type": "object", "additionalProperties": parts[1]}
    if origin is tuple and Ellipsis not in get_args(shape):
        return {"type": "array", "prefixItems": parts}
    return {"type": "array", "items": parts[0]}  # a list, or a tuple of any length


def _object(shape: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    name = shape.__name__
    if name not in schemas:
        schemas[name] = {}  # so that a type may mention itself
        hints = get_type_hints(shape, include_extras=True)
        # Annotations that are strings hide `NotRequired` from `__required_keys__`.
        optional = {key for key, hint in hints.items() if get_origin(hint) is NotRequired}
        schemas[name] = {
            "type": "object",
            "description": " ".join((shape.__doc__ or "").split()),
            "properties": {key: _schema(hint, schemas) for key, hint in hints.items()},
            "required": sorted(shape.__required_keys__ - optional),
        }
    return {"$ref": f"#/components/schemas/{name}"}
