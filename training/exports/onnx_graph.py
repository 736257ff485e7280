"""ONNX nodes for trees and linear models, in float64 throughout, as scikit-learn computes.

skl2onnx writes trees in float32, or in a form of float64 that onnxruntime does not load (its issue 1074); the operator
TreeEnsemble of ai.onnx.ml 5 takes float64.
"""

from typing import Any

import numpy
from onnx import NodeProto, TensorProto, helper, numpy_helper

from training.estimators.parts import Array, Linear, NotExported, Tree, Trees

# ONNX files hold 2 GB; past so many nodes they load more slowly than anything else would.
MOST_NODES = 5_000_000
_SUM = 1
# Trees times classes, of which each row of a table holds a float64 for a moment.
_MOST_SHARES = 2_000


class Graph:
    """The nodes and constants of a graph that is being written."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.refusals: list[str] = []
        self._count = 0

    def add(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Adds a node and returns the name of its output."""
        name = self._make_name()
        self.nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name

    def add_constant(self, value: Any, dtype: Any = numpy.float64) -> str:
        """Adds a constant and returns its name."""
        name = self._make_name()
        self.constants.append(numpy_helper.from_array(numpy.asarray(value, dtype=dtype), name))
        return name

    def _make_name(self) -> str:
        """A new name."""
        self._count += 1
        return f"n{self._count}"


def add_scaling(graph: Graph, x: str, means: Any, scales: Any) -> str:
    """(x - means) / scales."""
    return graph.add("Div", graph.add("Sub", x, graph.add_constant(means)), graph.add_constant(scales))


def add_linear(graph: Graph, x: str, parts: Linear) -> str:
    """The outputs of a linear model, shape (n, outputs); what overflowed before it is refused."""
    graph.refusals.append(graph.add("IsInf", x))
    return graph.add(
        "Add", graph.add("MatMul", x, graph.add_constant(parts.coefficients.T)), graph.add_constant(parts.start)
    )


def add_trees(graph: Graph, x: str, parts: Trees) -> str:
    """The outputs of trees, shape (n, outputs), divided by the number of trees where their link is the mean."""
    if parts.nodes > MOST_NODES:
        raise NotExported(f"its trees have more than {MOST_NODES:,} nodes, which load faster in every other form")
    if parts.float32:
        single = graph.add("Cast", x, to=TensorProto.FLOAT)
        graph.refusals.append(graph.add("IsInf", single))
        x = graph.add("Cast", single, to=TensorProto.DOUBLE)
    vector = parts.trees[0].values.shape[1] > 1
    summed = graph.add("TreeEnsemble", x, domain="ai.onnx.ml", **_make_tree_attributes(parts, vector))
    summed = _add_leaves(graph, summed, parts) if vector else graph.add("Add", summed, graph.add_constant(parts.start))
    return graph.add("Div", summed, graph.add_constant(float(len(parts.trees)))) if parts.link == "mean" else summed


def add_outputs(graph: Graph, raw: str, link: str, at_zero: int, classes: int) -> dict[str, str]:
    """What the graph answers, by the name of the output: value, or place and probabilities."""
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
    """The sum over the trees of the leaves, each a row of numbers, whose places the trees have answered."""
    if len(parts.trees) * len(parts.start) > _MOST_SHARES:
        raise NotExported(f"its trees times its classes are more than {_MOST_SHARES:,}, which takes too much memory")
    rows = graph.add_constant(numpy.concatenate([tree.values[tree.left < 0] for tree in parts.trees]))
    leaves = graph.add("Gather", rows, graph.add("Cast", reached, to=TensorProto.INT64))
    return graph.add("ReduceSum", leaves, graph.add_constant([1], numpy.int64), keepdims=0)


def _make_tree_attributes(parts: Trees, vector: bool) -> dict[str, Any]:
    """The trees as https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html wants them.

    With `vector` each tree answers on an output of its own, with the place of the leaf among those of all trees.
    """
    outputs = len(parts.trees) if vector else len(parts.start)
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
    weights = numpy.arange(len(weights), dtype=float) if vector else weights.astype(float)
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
    """The inner nodes of a tree, where `node` nodes and `leaf` leaves stand before its own."""
    inner = tree.left >= 0
    if not inner.any():  # a single leaf, which a node on both sides of anything leads to
        one, at = numpy.zeros(1, dtype=int), numpy.full(1, leaf)
        yes = numpy.ones(1, dtype=bool)
        rows = {"feature": one, "threshold": one, "null_left": yes}
        return {**rows, "left": at, "right": at, "left_leaf": yes, "right_leaf": yes}
    place = numpy.where(inner, numpy.cumsum(inner) - 1 + node, numpy.cumsum(~inner) - 1 + leaf)
    left, right = tree.left[inner], tree.right[inner]
    return {
        "feature": tree.feature[inner],
        "threshold": tree.threshold[inner],
        "null_left": tree.null_left[inner],
        "left": place[left],
        "right": place[right],
        "left_leaf": ~inner[left],
        "right_leaf": ~inner[right],
    }
