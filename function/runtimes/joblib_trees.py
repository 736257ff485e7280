"""Looks at the trees of an unpickled estimator before scikit-learn walks them, which it does without looking.

A node of a damaged file that leads back, or out of its tree, never lets the walk end, or ends the process.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from function.model.runtime import Array


def check_trees(estimator: Any) -> None:
    """Raises ValueError where a node of the estimator's own trees is none of a tree.

    Of most ensembles the members are estimators with a tree of their own; those of histogram gradient boosting are not.
    """
    for inner, left, right, feature, width in _trees_of(estimator):
        places = inner.nonzero()[0]
        for child in (left[inner], right[inner]):
            # scikit-learn numbers children behind their parent.
            if (child <= places).any() or (child >= len(inner)).any():
                raise ValueError("a node leads to no node behind it")
        if (feature[inner] < 0).any() or (feature[inner] >= width).any():
            raise ValueError("a node looks at a feature that there is not")


def _trees_of(estimator: Any) -> "Iterator[tuple[Array, Array, Array, Array, int]]":
    """Of each tree which nodes have children, these children, and the place of the feature that is looked at."""
    tree: Any = getattr(estimator, "tree_", None)
    if hasattr(tree, "children_left"):
        left, right = tree.children_left, tree.children_right
        yield (left != -1) | (right != -1), left, right, tree.feature, estimator.n_features_in_
    for stage in getattr(estimator, "_predictors", ()):
        for predictor in stage:
            nodes, sets = predictor.nodes, predictor.raw_left_cat_bitsets
            inner = nodes["is_leaf"] == 0
            yield inner, nodes["left"], nodes["right"], nodes["feature_idx"], estimator.n_features_in_
            if (nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)] >= len(sets)).any():
                raise ValueError("a node looks into a set that there is not")
