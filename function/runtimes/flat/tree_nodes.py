"""The nodes of trees, as function.runtimes.flat.trees describes them: what walks by record and by table share."""

from typing import Any, Protocol

from function.runtimes.flat.file import Array

NULL_LEFT, BY_SET = 1, 2


class TreeNodes(Protocol):
    """The arrays and options of the operation `trees`; `ranked` keeps what tables need from one to the next."""

    roots: list[int]
    width: int
    start: list[float]
    vector: bool
    single: bool
    skips: Array
    features: Array
    thresholds: Array
    flags: Array | None
    leaves: Array | None
    sets: Array
    set_ends: Array
    ranked: Any
