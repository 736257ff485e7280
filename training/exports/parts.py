"""The numbers that trees and linear models predict with, apart from scikit-learn."""

from typing import NamedTuple

from training.compile.blocks import Array
from training.compile.trees import Tree


class NotExported(Exception):
    """The estimator cannot be exported; the text says why, as the end of a sentence."""


class Trees(NamedTuple):
    """An ensemble of trees. Tree t adds its values to all outputs if its leaves hold several, else to t % outputs.

    `start` has what each output is before the first tree. `link` says what is made of the sums: "identity", "mean",
    "exp", "sigmoid", "sigmoid2" (of twice the sum) or "softmax". `at_zero` is the class of a classifier with two
    classes whose output is 0. `float32` says that inputs are rounded to float32.
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
