"""Add ONNX nodes for trees and linear models, in float64, as scikit-learn computes.

skl2onnx writes trees in float32, or in a form of float64 that onnxruntime does not load (issue 1074 of skl2onnx). The
operator TreeEnsemble of ai.onnx.ml 5 takes float64.
"""

from typing import Any

import numpy
from onnx import NodeProto, TensorProto, helper, numpy_helper

from training.compile.blocks import Array
from training.compile.trees import Tree
from training.exports.parts import Linear, NotExported, Trees

# ONNX files hold 2 GB at most, and with more nodes they load more slowly than the other artifacts.
MOST_NODES = 5_000_000
_SUM = 1
# Trees times classes: the runtime keeps a float64 of each for each row of a table.
_MOST_SHARES = 2_000


class TooLarge(NotExported):
    """The trees are too large for ONNX, however they are converted."""


class Graph:
    """The nodes and constants of a graph while it is written; `refusals` are outputs that are true for refused rows."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.refusals: list[str] = []
        self._count = 0

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        name = self._make_name()
        self.nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name

    def add_constant(self, value: Any, dtype: Any = numpy.float64) -> str:
        """Add a constant, and return its name."""
        name = self._make_name()
        self.constants.append(numpy_helper.from_array(numpy.asarray(value, dtype=dtype), name))
        return name

    def _make_name(self) -> str:
        self._count += 1
        return f"n{self._count}"


def add_scaling(graph: Graph, x: str, means: Any, scales: Any) -> str:
    """Add (x - means) / scales."""
    return graph.add("Div", graph.add("Sub", x, graph.add_constant(means)), graph.add_constant(scales))


def add_linear(graph: Graph, x: str, parts: Linear) -> str:
    """Add the outputs of a linear model, shape (n, outputs); rows with an infinite input are refused."""
    graph.refusals.append(graph.add("IsInf", x))
    return graph.add(
        "Add", graph.add("MatMul", x, graph.add_constant(parts.coefficients.T)), graph.add_constant(parts.start)
    )


def add_trees(graph: Graph, x: str, parts: Trees) -> str:
    """Add the outputs of trees, shape (n, outputs): the sum, or the mean if that is their link. Raises TooLarge."""
    if parts.nodes > MOST_NODES:
        raise TooLarge(f"its trees have more than {MOST_NODES:,} nodes, which load faster in every other form")
    if parts.float32:
        single = graph.add("Cast", x, to=TensorProto.FLOAT)
        graph.refusals.append(graph.add("IsInf", single))
        x = graph.add("Cast", single, to=TensorProto.DOUBLE)
    is_vector = parts.trees[0].values.shape[1] > 1
    summed = graph.add("TreeEnsemble", x, domain="ai.onnx.ml", **_make_tree_attributes(parts, is_vector))
    summed = (
        _add_leaves(graph, summed, parts) if is_vector else graph.add("Add", summed, graph.add_constant(parts.start))
    )
    return graph.add("Div", summed, graph.add_constant(float(len(parts.trees)))) if parts.link == "mean" else summed


def add_outputs(graph: Graph, raw: str, link: str, at_zero: int, classes: int) -> dict[str, str]:
    """Add the graph's outputs, and return them by name: `value`, or `place` (of the class) and `probabilities`."""
    if not classes:
        return {"value": graph.add("Exp", raw) if link == "exp" else raw}
    if link in ("sigmoid", "sigmoid2"):
        zero = graph.add_constant(0.0)
        positive = graph.add("GreaterOrEqual" if at_zero else "Greater", raw, zero)
        place = graph.add("Cast", positive, to=TensorProto.INT64)
        doubled = graph.add("Mul", raw, graph.add_constant(2.0)) if link == "sigmoid2" else raw
        share = graph.add("Sigmoid", doubled)
        rest = graph.add("Sub", graph.add_constant(1.0), share)
        return {"place": place, "probabilities": graph.add("Concat", rest, share, axis=1)}
    place = graph.add("ArgMax", raw, axis=1, keepdims=0)
    return {"place": place, "probabilities": graph.add("Softmax", raw, axis=1) if link == "softmax" else raw}


def _add_leaves(graph: Graph, reached: str, parts: Trees) -> str:
    """Add the sum of the reached leaves, which are rows of numbers; `reached` has the leaf's number for each tree."""
    if len(parts.trees) * len(parts.start) > _MOST_SHARES:
        raise TooLarge(f"its trees times its classes are more than {_MOST_SHARES:,}, which takes too much memory")
    rows = graph.add_constant(numpy.concatenate([tree.values[tree.left < 0] for tree in parts.trees]))
    leaves = graph.add("Gather", rows, graph.add("Cast", reached, to=TensorProto.INT64))
    return graph.add("ReduceSum", leaves, graph.add_constant([1], numpy.int64), keepdims=0)


def _make_tree_attributes(parts: Trees, is_vector: bool) -> dict[str, Any]:
    """Make the attributes of https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html.

    With `is_vector` each tree has an output of its own: the number of the reached leaf among those of all trees.
    """
    outputs = len(parts.trees) if is_vector else len(parts.start)
    rows: list[dict[str, Array]] = []
    roots: list[int] = []
    targets: list[Array] = []
    node = leaf = 0
    for number, tree in enumerate(parts.trees):
        rows.append(_list_nodes(tree, node, leaf))
        roots.append(node)
        count = int((tree.left < 0).sum())
        targets.append(numpy.full(count, number % outputs))
        node, leaf = node + len(rows[-1]["feature"]), leaf + count
    joined = {name: numpy.concatenate([row[name] for row in rows]) for name in rows[0]}
    weights = numpy.concatenate([tree.values[tree.left < 0, 0] for tree in parts.trees])
    weights = numpy.arange(len(weights), dtype=float) if is_vector else weights.astype(float)
    return {
        "n_targets": outputs,
        "aggregate_function": _SUM,
        "post_transform": 0,
        "tree_roots": roots,
        "nodes_modes": numpy_helper.from_array(numpy.zeros(node, dtype=numpy.uint8), "modes"),
        "nodes_featureids": joined["feature"].tolist(),
        "nodes_splits": numpy_helper.from_array(joined["threshold"].astype(float), "splits"),
        "nodes_truenodeids": joined["left"].tolist(),
        "nodes_trueleafs": joined["left_leaf"].astype(int).tolist(),
        "nodes_falsenodeids": joined["right"].tolist(),
        "nodes_falseleafs": joined["right_leaf"].astype(int).tolist(),
        "nodes_missing_value_tracks_true": joined["null_left"].astype(int).tolist(),
        "leaf_targetids": numpy.concatenate(targets).tolist(),
        "leaf_weights": numpy_helper.from_array(weights, "weights"),
    }


def _list_nodes(tree: Tree, node: int, leaf: int) -> dict[str, Array]:
    """List the inner nodes of a tree, after `node` nodes and `leaf` leaves of earlier trees."""
    inner = tree.left >= 0
    if not inner.any():  # a single leaf needs a node, both branches of which lead to it
        zero, child = numpy.zeros(1, dtype=int), numpy.full(1, leaf)
        yes = numpy.ones(1, dtype=bool)
        rows = {"feature": zero, "threshold": zero, "null_left": yes}
        return {**rows, "left": child, "right": child, "left_leaf": yes, "right_leaf": yes}
    number = numpy.where(inner, numpy.cumsum(inner) - 1 + node, numpy.cumsum(~inner) - 1 + leaf)
    left, right = tree.left[inner], tree.right[inner]
    return {
        "feature": tree.feature[inner],
        "threshold": tree.threshold[inner],
        "null_left": tree.null_left[inner],
        "left": number[left],
        "right": number[right],
        "left_leaf": ~inner[left],
        "right_leaf": ~inner[right],
    }
