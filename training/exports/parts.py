"""The numbers that trees and linear models predict with, apart from scikit-learn; training.exports.extraction."""

from typing import Any, NamedTuple

import numpy

type Array = numpy.ndarray[Any, Any]


class NotExported(Exception):
    """The estimator cannot be exported; the text says why, as the end of a sentence."""


class Tree(NamedTuple):
    """A tree's nodes, the root first and the others in any order; `left` and `right` are negative at leaves.

    `null_left` says whether nulls go to the left. `values` has the shape (nodes, 1), or (nodes, classes) if leaves hold
    the shares of the classes.
    """

    left: Array
    right: Array
    feature: Array
    threshold: Array
    null_left: Array
    values: Array


class Trees(NamedTuple):
    """An ensemble of trees. Tree t adds its values to all outputs if its leaves hold several, else to t % outputs.

    `start` has what each output is before the first tree, and `link` is one of function.runtimes.flat_format.LINKS.
    `at_zero` is the class of a classifier with two classes whose output is 0. `float32` says that inputs are rounded
    to float32.
    """

    trees: list[Tree]
    start: list[float]
    link: str
    at_zero: int
    float32: bool

    @property
    def nodes(self) -> int:
        """The number of nodes of all trees."""
        return sum(len(tree.left) for tree in self.trees)


class Linear(NamedTuple):
    """A linear model: coefficients of the shape (outputs, features), and intercepts (`start`)."""

    coefficients: Array
    start: list[float]
    link: str


class Scaling(NamedTuple):
    """The means that a StandardScaler subtracts and the scales that it divides by, per feature."""

    means: list[float]
    scales: list[float]
