"""A change to template.yaml that breaks one thing, and the check that must notice it."""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.template.expand import Template, source

type Check = Callable[[Template], list[str]]

GONE = object()


def break_template(*changes: tuple[str, Any]) -> Template:
    """template.yaml with other values, or none (GONE), or what a function makes of them, at dotted paths."""
    document = copy.deepcopy(source())
    for path, value in changes:
        *way, last = path.split(".")
        node: Any = document
        for step in way:
            node = node[int(step) if isinstance(node, list) else step]
        key = int(last) if isinstance(node, list) else last
        if value is GONE:
            del node[key]
        elif callable(value):
            node[key] = value(node[key])
        else:
            node[key] = value
    return document


class Mutation(NamedTuple):
    """A change to template.yaml, the check that must notice it, and those that are right to notice it too."""

    noticed_by: Check
    path: str
    value: Any = GONE
    also: tuple[Check, ...] = ()
