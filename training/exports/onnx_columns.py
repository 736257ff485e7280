"""ONNX nodes for what stands before an estimator in the pipelines that people build for tables of mixed types.

skl2onnx refuses a null among categories and infrequent ones, and computes indicators in float32.
"""

from collections.abc import Sequence
from typing import Any

import numpy
from onnx import TensorProto
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from function.model.contract import NAN, NONE, TEXTS, Feature
from function.runtimes.onnx import name_null_input
from training.estimators.parts import NotExported
from training.exports.onnx_graph import Graph, add_scaling


def add_columns(graph: Graph, transformer: Any, inputs: Sequence[str], features: Sequence[Feature]) -> str:
    """The matrix that the transformer makes of the inputs, one (n, 1) tensor per feature. Raises NotExported."""
    if isinstance(transformer, Pipeline):
        return _add_pipeline(graph, transformer, inputs, features)
    if isinstance(transformer, ColumnTransformer):
        return _add_column_transformer(graph, transformer, inputs, features)
    return _add_column_step(graph, transformer, inputs, features)


def _add_pipeline(graph: Graph, pipeline: Pipeline, inputs: Sequence[str], features: Sequence[Feature]) -> str:
    steps = [step for _, step in pipeline.steps if step not in (None, "passthrough")]
    if not steps:
        return _concatenate(graph, inputs)
    x = add_columns(graph, steps[0], inputs, features)
    for step in steps[1:]:
        x = _add_matrix_step(graph, step, x)
    return x


def _add_column_transformer(
    graph: Graph, transformer: ColumnTransformer, inputs: Sequence[str], features: Sequence[Feature]
) -> str:
    if transformer.transformer_weights:
        raise NotExported("its ColumnTransformer has transformer_weights")
    names = [feature.name for feature in features]
    parts: list[str] = []
    for _, step, columns in transformer.transformers_:
        if isinstance(step, str) and step == "drop":
            continue
        places = [names.index(column) if isinstance(column, str) else int(column) for column in _list_selected(columns)]
        if not places:
            continue
        chosen = [inputs[place] for place in places]
        if step == "passthrough":
            parts.append(_concatenate(graph, chosen))
        else:
            parts.append(add_columns(graph, step, chosen, [features[place] for place in places]))
    return graph.add("Concat", *parts, axis=1)


def _list_selected(columns: Any) -> list[Any]:
    if isinstance(columns, slice) or (len(columns) and isinstance(columns[0], (bool, numpy.bool_))):
        raise NotExported("its ColumnTransformer chooses columns by a slice or a mask")
    return [columns] if isinstance(columns, str) else list(columns)


def _concatenate(graph: Graph, inputs: Sequence[str]) -> str:
    return graph.add("Concat", *inputs, axis=1)


def _add_column_step(graph: Graph, step: Any, inputs: Sequence[str], features: Sequence[Feature]) -> str:
    """A transformer on columns as they come in."""
    if type(step) is OneHotEncoder:
        return graph.add("Concat", *_add_indicators(graph, step, inputs, features), axis=1)
    if type(step) is OrdinalEncoder:
        return graph.add("Concat", *_add_ordinals(graph, step, inputs, features), axis=1)
    if any(feature.type in TEXTS for feature in features):
        raise NotExported(f"{type(step).__name__} on texts is not known here")
    return _add_matrix_step(graph, step, _concatenate(graph, inputs))


def _add_matrix_step(graph: Graph, step: Any, x: str) -> str:
    """A transformer on a matrix of numbers."""
    if type(step) is StandardScaler:
        width = step.n_features_in_
        means = step.mean_ if step.with_mean else numpy.zeros(width)
        return add_scaling(graph, x, means, step.scale_ if step.with_std else numpy.ones(width))
    if type(step) is MinMaxScaler and not step.clip:
        return graph.add("Add", graph.add("Mul", x, graph.add_constant(step.scale_)), graph.add_constant(step.min_))
    if type(step) is SimpleImputer:
        return _add_imputer(graph, step, x)
    if type(step) is FunctionTransformer and step.func is None:
        return x
    raise NotExported(f"{type(step).__name__} is not known here")


def _add_imputer(graph: Graph, step: SimpleImputer, x: str) -> str:
    if not (isinstance(step.missing_values, float) and numpy.isnan(step.missing_values)):
        raise NotExported("its SimpleImputer looks for other values than nulls")
    fill = numpy.asarray(step.statistics_, dtype=float)
    if numpy.isnan(fill).any():
        raise NotExported("its SimpleImputer drops columns that are all null")
    missing = graph.add("IsNaN", x)
    filled = graph.add("Where", missing, graph.add_constant(fill), x)
    if not step.add_indicator:
        return filled
    marked = graph.add("Gather", missing, graph.add_constant(step.indicator_.features_, numpy.int64), axis=1)
    return graph.add("Concat", filled, graph.add("Cast", marked, to=TensorProto.DOUBLE), axis=1)


def _add_indicators(graph: Graph, step: OneHotEncoder, inputs: Sequence[str], features: Sequence[Feature]) -> list[str]:
    if step.drop is not None:
        raise NotExported("its OneHotEncoder drops categories")
    groups = getattr(step, "_default_to_infrequent_mappings", None) or [None] * len(inputs)
    found: list[str] = []
    for x, feature, categories, group in zip(inputs, features, step.categories_, groups, strict=True):
        columns = numpy.arange(len(categories)) if group is None else numpy.asarray(group)
        width = int(columns.max()) + 1
        # An unseen category counts among the infrequent ones, where there are any and the encoder says so.
        takes_unseen = step.handle_unknown == "infrequent_if_exist" and group is not None
        unseen = width - 1 if takes_unseen else width
        place = _add_lookup(graph, (x, feature), categories, columns, unseen)
        if step.handle_unknown == "error":
            graph.refusals.append(graph.add("Equal", place, graph.add_constant(width, numpy.int64)))
        table = numpy.vstack([numpy.eye(width), numpy.zeros(width)])
        found.append(graph.add("Gather", graph.add_constant(table), graph.add("Squeeze", place, _add_axis(graph))))
    return found


def _add_ordinals(graph: Graph, step: OrdinalEncoder, inputs: Sequence[str], features: Sequence[Feature]) -> list[str]:
    groups = getattr(step, "_default_to_infrequent_mappings", None) or [None] * len(inputs)
    found: list[str] = []
    for at, (x, feature, categories, group) in enumerate(zip(inputs, features, step.categories_, groups, strict=True)):
        count = len(categories)
        numbers = (numpy.arange(count) if group is None else numpy.asarray(group)).astype(float)
        if at in step._missing_indices:
            numbers[step._missing_indices[at]] = step.encoded_missing_value
        place = _add_lookup(graph, (x, feature), categories, numpy.arange(count), count)
        if step.handle_unknown == "error":
            graph.refusals.append(graph.add("Equal", place, graph.add_constant(count, numpy.int64)))
            numbers = numpy.append(numbers, 0.0)
        else:
            numbers = numpy.append(numbers, float(step.unknown_value))
        found.append(graph.add("Gather", graph.add_constant(numbers), place))
    return found


def _add_axis(graph: Graph) -> str:
    return graph.add_constant([1], numpy.int64)


def _add_lookup(graph: Graph, source: tuple[str, Feature], categories: Any, columns: Any, unseen: int) -> str:
    """The number that stands for each category in `columns`, shape (n, 1); the source is an input and its feature."""
    x, feature = source
    pairs = [(category, int(column)) for category, column in zip(categories.tolist(), columns, strict=True)]
    nulls = {_get_null_name(category): column for category, column in pairs if _is_null(category)}
    null = nulls.get(feature.null, unseen)
    known = [(category, column) for category, column in pairs if not _is_null(category)]
    if feature.type in TEXTS:
        if not known:
            raise NotExported("a column of texts was null in every row of training")
        keys = {"keys_strings": [str(category).encode() for category, _ in known]}
        place = _add_label_encoder(graph, x, keys, [column for _, column in known], unseen)
        if not feature.nullable:
            return place
        return graph.add("Where", name_null_input(feature.name), graph.add_constant(null, numpy.int64), place)
    known_keys = [float(category) for category, _ in known]
    missing = graph.add("IsNaN", x)
    filled = graph.add("Where", missing, graph.add_constant(0.0), x)
    place = graph.add_constant(unseen, numpy.int64)
    for key, (_, column) in zip(known_keys, known, strict=True):
        same = graph.add("Equal", filled, graph.add_constant(key))
        place = graph.add("Where", same, graph.add_constant(column, numpy.int64), place)
    return graph.add("Where", missing, graph.add_constant(null, numpy.int64), place)


def _add_label_encoder(graph: Graph, x: str, keys: dict[str, Any], values: list[int], unseen: int) -> str:
    return graph.add("LabelEncoder", x, domain="ai.onnx.ml", values_int64s=values, default_int64=unseen, **keys)


def _get_null_name(null: Any) -> str:
    return NONE if null is None else NAN


def _is_null(category: Any) -> bool:
    return category is None or category != category  # noqa: PLR0124
