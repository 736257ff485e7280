"""Compile what is made of other estimators: pipelines, column transformers, unions, searches, wrappers."""

from collections.abc import Sequence
from typing import Any

import numpy

from function.model.dtypes import FLOAT32
from training.compile.blocks import Answer, Block, NotCompiled
from training.compile.curves import widen
from training.compile.program import Program


def select_trained_columns(program: Program, estimator: Any) -> Block:
    """Return the record's columns in the places that they had in training.

    Columns that the estimator does not use are no features. Others stand in for them, so that the places of the
    remaining ones are those of training; nothing reads them.
    """
    names = _get_attribute(estimator, "feature_names_in_")
    record = program.record
    trained = None if names is None else [str(name) for name in names]
    places = {column.name: place for place, column in enumerate(record.columns)}
    if trained is None or len(trained) == record.width or not {*places}.issubset(trained):
        return record
    return program.take(record, [places.get(name, 0) for name in trained])


def _get_attribute(estimator: Any, name: str) -> Any:
    # A Pipeline reads these attributes from its first step, which has none of them if it is a word.
    while hasattr(estimator, "steps"):
        estimator = next(step for _, step in estimator.steps if step is not None and not isinstance(step, str))
    return getattr(estimator, name, None)


def compile_pipeline_transform(program: Program, pipeline: Any, block: Block) -> Block:
    """Compile a pipeline that ends with a transformer."""
    for _, step in pipeline.steps:
        block = transform(program, step, block)
    return block


def compile_pipeline(program: Program, pipeline: Any, block: Block) -> Answer:
    """Compile a pipeline that ends with a regressor or classifier."""
    *steps, (_, last) = pipeline.steps
    for _, step in steps:
        block = transform(program, step, block)
    return program.predict(last, block)


def transform(program: Program, step: Any, block: Block) -> Block:
    """Compile a step of a pipeline, a union or a column transformer, which may be a word instead of a transformer."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return block
    if isinstance(step, str):  # drop
        return program.take(block, [])
    return program.transform(step, block)


def compile_column_transformer(program: Program, step: Any, block: Block) -> Block:
    """Compile a ColumnTransformer: each member takes its columns, and their outputs stand beside one another."""
    made = []
    for name, member, columns in step.transformers_:
        if isinstance(member, str) and member == "drop":
            continue  # its columns need not be features
        places = find_places(step, block, name, columns)
        if places:
            output = transform(program, member, program.take(block, places))
            made.append(_weigh(program, output, step.transformer_weights, name))
    if not step.sparse_output_:
        made = [program.unpack(each) for each in made]
    return _join(program, block, made).mark_sparse(is_sparse=bool(step.sparse_output_))


def compile_union(program: Program, union: Any, block: Block) -> Block:
    """Compile a FeatureUnion: all members take the same columns."""
    made = [
        _weigh(program, transform(program, member, block), union.transformer_weights, name)
        for name, member in union.transformer_list
    ]
    return _join(program, block, made).mark_sparse(is_sparse=any(each.is_sparse for each in made))


def compile_best(program: Program, search: Any, block: Block) -> Answer:
    """Compile a search by the estimator that it chose."""
    return program.predict(search.best_estimator_, block)


def compile_best_transform(program: Program, search: Any, block: Block) -> Block:
    """Compile a search that chose a transformer."""
    return program.transform(search.best_estimator_, block)


def compile_frozen(program: Program, frozen: Any, block: Block) -> Answer:
    """Compile a FrozenEstimator."""
    return program.predict(frozen.estimator, block)


def compile_frozen_transform(program: Program, frozen: Any, block: Block) -> Block:
    """Compile a FrozenEstimator that is a transformer."""
    return program.transform(frozen.estimator, block)


def _weigh(program: Program, output: Block, weights: Any, name: str) -> Block:
    if name not in (weights or {}) or not output.width:
        return output
    numbers, weight = program.make_numbers(output), weights[name]
    if numbers.dtype == FLOAT32:
        # numpy computes with a float of Python in float32, but not with one of its own float64.
        if numpy.result_type(numpy.empty(0, numpy.float32), weight) == numpy.float32:
            weight = numpy.float32(weight)
        else:
            numbers = widen(numbers)
    return program.multiply(numbers, weight)


def compile_adapted(program: Program, adapter: Any, block: Block) -> Answer:
    """Compile a model of another library by the model itself; its adapter is training.estimators.native_models."""
    return program.predict(adapter.estimator_, block)


def _join(program: Program, block: Block, made: Sequence[Block]) -> Block:
    return program.join(made) if made else program.take(block, [])


def find_places(step: Any, block: Block, name: str, columns: Any) -> list[int]:
    """Find the places of the columns that a member of a column transformer takes."""
    if block.width != step.n_features_in_:
        raise NotCompiled("its ColumnTransformer takes another number of columns than the step before it makes")
    found = getattr(step, "_transformer_to_input_indices", {}).get(name)
    if found is not None:
        return [int(index) for index in found]
    # Other releases may not keep the places, but the choice: names, positions, a mask, or one of these alone.
    if isinstance(columns, slice):
        return _find_slice(step, columns)
    chosen = numpy.atleast_1d(numpy.asarray(list(columns) if hasattr(columns, "__iter__") else columns, dtype=object))
    if isinstance(columns, str):
        chosen = numpy.array([columns], dtype=object)
    if all(isinstance(each, (bool, numpy.bool_)) for each in chosen) and len(chosen) == block.width:
        return [place for place, is_chosen in enumerate(chosen) if is_chosen]
    names = {str(each): place for place, each in enumerate(getattr(step, "feature_names_in_", ()))}
    places = [names.get(each) if isinstance(each, str) else int(each) for each in chosen]
    if any(place is None for place in places):
        raise NotCompiled("its ColumnTransformer does not say which columns its members take")
    return [place % block.width for place in places if place is not None]


def _find_slice(step: Any, columns: slice) -> list[int]:
    """Find the places of a slice of positions, or of names, of which the last one is part of it."""
    names = [str(name) for name in getattr(step, "feature_names_in_", ())]
    begin, end = columns.start, columns.stop
    if isinstance(begin, str):
        begin = names.index(begin)
    if isinstance(end, str):
        end = names.index(end) + 1
    return list(range(*slice(begin, end, columns.step).indices(step.n_features_in_)))
