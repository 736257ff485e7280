"""Takes scikit-learn's trees and linear models apart into the numbers that they predict with.

How they add those up is scikit-learn 1.9's: sklearn/ensemble/_forest.py, _gb.py, _hist_gradient_boosting/ and
linear_model/_base.py. Whether it was understood is not taken on trust: training.parity.gate compares.
"""

from typing import Any, NamedTuple

import numpy

type Array = numpy.ndarray[Any, Any]


class NotExported(Exception):
    """The estimator is none that can be exported so; the text is a sentence that says why."""


class Tree(NamedTuple):
    """A tree's nodes, in any order but with the root first; `left` and `right` are negative at leaves.

    `values` has the shape (nodes, 1), or (nodes, classes) where leaves hold the shares of the classes.
    """

    left: Array
    right: Array
    feature: Array
    threshold: Array
    null_left: Array
    values: Array


class Trees(NamedTuple):
    """An ensemble: tree t adds its values to all outputs (where its leaves hold several), or to output t % outputs.

    `link` is one of function.runtimes.flat_format.LINKS.
    """

    trees: list[Tree]
    start: list[float]
    link: str
    at_zero: int
    float32: bool

    @property
    def nodes(self) -> int:
        """Of all trees together."""
        return sum(len(tree.left) for tree in self.trees)


class Linear(NamedTuple):
    """Coefficients of the shape (outputs, features), and intercepts."""

    coefficients: Array
    start: list[float]
    link: str


class Scaling(NamedTuple):
    """What a StandardScaler takes off and divides by, per feature."""

    means: list[float]
    scales: list[float]
