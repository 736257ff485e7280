"""Check the trees of an unpickled estimator: scikit-learn walks them without checks.

In a damaged file a node may lead back, so that the walk never ends, or out of its tree, which ends the process.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from function.model.runtime import Array


def check_trees(estimator: Any) -> None:
    """Check each node of the estimator's own trees. Raises ValueError.

    Members of most ensembles are estimators with a tree of their own, to be checked one by one; those of histogram
    gradient boosting are not, and are checked here.
    """
    for inner, left, right, feature, width in _iterate_trees(estimator):
        places = inner.nonzero()[0]
        for child in (left[inner], right[inner]):
            # scikit-learn numbers children behind their parent.
            if (child <= places).any() or (child >= len(inner)).any():
                raise ValueError("a node leads to no node behind it")
        if (feature[inner] < 0).any() or (feature[inner] >= width).any():
            raise ValueError("a node looks at a feature that there is not")


def _iterate_trees(estimator: Any) -> "Iterator[tuple[Array, Array, Array, Array, int]]":
    """Yield of each tree: which nodes have children, the left and right children, the features' places and number."""
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
