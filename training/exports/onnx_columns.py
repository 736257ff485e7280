"""Add ONNX nodes for encoders, imputers and scalers, as pipelines for tables of mixed types have them.

skl2onnx refuses nulls among categories and infrequent categories, and computes indicators in float32.
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
from training.exports.onnx_graph import Graph, add_scaling
from training.exports.parts import NotExported


def add_columns(graph: Graph, transformer: Any, inputs: Sequence[str], features: Sequence[Feature]) -> str:
    """Add the transformer, and return the name of its output matrix. Raises NotExported.

    `inputs` are the names of tensors of the shape (n, 1), one per feature.
    """
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
        indices = [
            names.index(column) if isinstance(column, str) else int(column) for column in _list_selected(columns)
        ]
        if not indices:
            continue
        chosen = [inputs[index] for index in indices]
        if step == "passthrough":
            parts.append(_concatenate(graph, chosen))
        else:
            parts.append(add_columns(graph, step, chosen, [features[index] for index in indices]))
    return graph.add("Concat", *parts, axis=1)


def _list_selected(columns: Any) -> list[Any]:
    if isinstance(columns, slice) or (len(columns) and isinstance(columns[0], (bool, numpy.bool_))):
        raise NotExported("its ColumnTransformer chooses columns by a slice or a mask")
    return [columns] if isinstance(columns, str) else list(columns)


def _concatenate(graph: Graph, inputs: Sequence[str]) -> str:
    return graph.add("Concat", *inputs, axis=1)


def _add_column_step(graph: Graph, step: Any, inputs: Sequence[str], features: Sequence[Feature]) -> str:
    """Add a transformer of the features' columns."""
    if type(step) is OneHotEncoder:
        return graph.add("Concat", *_add_indicators(graph, step, inputs, features), axis=1)
    if type(step) is OrdinalEncoder:
        return graph.add("Concat", *_add_ordinals(graph, step, inputs, features), axis=1)
    if any(feature.type in TEXTS for feature in features):
        raise NotExported(f"{type(step).__name__} on texts is not known")
    return _add_matrix_step(graph, step, _concatenate(graph, inputs))


def _add_matrix_step(graph: Graph, step: Any, x: str) -> str:
    """Add a transformer of a matrix of numbers."""
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
    raise NotExported(f"{type(step).__name__} is not known")


def _add_imputer(graph: Graph, step: SimpleImputer, x: str) -> str:
    if not (isinstance(step.missing_values, float) and numpy.isnan(step.missing_values)):
        raise NotExported("its SimpleImputer looks for other values than nulls")
    fill_values = numpy.asarray(step.statistics_, dtype=float)
    if numpy.isnan(fill_values).any():
        raise NotExported("its SimpleImputer drops columns that are all null")
    is_null = graph.add("IsNaN", x)
    filled = graph.add("Where", is_null, graph.add_constant(fill_values), x)
    if not step.add_indicator:
        return filled
    indicators = graph.add("Gather", is_null, graph.add_constant(step.indicator_.features_, numpy.int64), axis=1)
    return graph.add("Concat", filled, graph.add("Cast", indicators, to=TensorProto.DOUBLE), axis=1)


def _add_indicators(graph: Graph, step: OneHotEncoder, inputs: Sequence[str], features: Sequence[Feature]) -> list[str]:
    if step.drop is not None:
        raise NotExported("its OneHotEncoder drops categories")
    groups = getattr(step, "_default_to_infrequent_mappings", None) or [None] * len(inputs)
    outputs: list[str] = []
    for x, feature, categories, group in zip(inputs, features, step.categories_, groups, strict=True):
        columns = numpy.arange(len(categories)) if group is None else numpy.asarray(group)
        width = int(columns.max()) + 1
        # Unknown categories are encoded as the infrequent ones if there are such and the encoder is set to.
        is_infrequent = step.handle_unknown == "infrequent_if_exist" and group is not None
        unknown = width - 1 if is_infrequent else width
        column = _add_lookup(graph, (x, feature), categories, columns, unknown)
        if step.handle_unknown == "error":
            graph.refusals.append(graph.add("Equal", column, graph.add_constant(width, numpy.int64)))
        rows = numpy.vstack([numpy.eye(width), numpy.zeros(width)])
        outputs.append(graph.add("Gather", graph.add_constant(rows), graph.add("Squeeze", column, _add_axis(graph))))
    return outputs


def _add_ordinals(graph: Graph, step: OrdinalEncoder, inputs: Sequence[str], features: Sequence[Feature]) -> list[str]:
    groups = getattr(step, "_default_to_infrequent_mappings", None) or [None] * len(inputs)
    outputs: list[str] = []
    columns = zip(inputs, features, step.categories_, groups, strict=True)
    for index, (x, feature, categories, group) in enumerate(columns):
        count = len(categories)
        numbers = (numpy.arange(count) if group is None else numpy.asarray(group)).astype(float)
        if index in step._missing_indices:
            numbers[step._missing_indices[index]] = step.encoded_missing_value
        category = _add_lookup(graph, (x, feature), categories, numpy.arange(count), count)
        if step.handle_unknown == "error":
            graph.refusals.append(graph.add("Equal", category, graph.add_constant(count, numpy.int64)))
            numbers = numpy.append(numbers, 0.0)
        else:
            numbers = numpy.append(numbers, float(step.unknown_value))
        outputs.append(graph.add("Gather", graph.add_constant(numbers), category))
    return outputs


def _add_axis(graph: Graph) -> str:
    return graph.add_constant([1], numpy.int64)


def _add_lookup(graph: Graph, source: tuple[str, Feature], categories: Any, numbers: Any, unknown: int) -> str:
    """Add the lookup of each category's number, shape (n, 1), and `unknown` for others; the source is an input."""
    x, feature = source
    pairs = [(category, int(number)) for category, number in zip(categories.tolist(), numbers, strict=True)]
    nulls = {_get_null_name(category): number for category, number in pairs if _is_null(category)}
    null = nulls.get(feature.null, unknown)
    present = [(category, number) for category, number in pairs if not _is_null(category)]
    if feature.type in TEXTS:
        if not present:
            raise NotExported("a column of texts was null in every row of training")
        keys = {"keys_strings": [str(category).encode() for category, _ in present]}
        found = _add_label_encoder(graph, x, keys, [number for _, number in present], unknown)
        if not feature.nullable:
            return found
        return graph.add("Where", name_null_input(feature.name), graph.add_constant(null, numpy.int64), found)
    keys_and_numbers = [(float(category), number) for category, number in present]
    is_null = graph.add("IsNaN", x)
    filled = graph.add("Where", is_null, graph.add_constant(0.0), x)
    found = graph.add_constant(unknown, numpy.int64)
    for key, number in keys_and_numbers:
        is_equal = graph.add("Equal", filled, graph.add_constant(key))
        found = graph.add("Where", is_equal, graph.add_constant(number, numpy.int64), found)
    return graph.add("Where", is_null, graph.add_constant(null, numpy.int64), found)


def _add_label_encoder(graph: Graph, x: str, keys: dict[str, Any], values: list[int], unknown: int) -> str:
    return graph.add("LabelEncoder", x, domain="ai.onnx.ml", values_int64s=values, default_int64=unknown, **keys)


def _get_null_name(null: Any) -> str:
    return NONE if null is None else NAN


def _is_null(category: Any) -> bool:
    return category is None or category != category  # noqa: PLR0124
