"""Compile what is made of other estimators: pipelines, column transformers, unions, searches, wrappers."""

from collections.abc import Sequence
from typing import Any

from training.compile.program import Answer, Block, NotCompiled, Program


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
    weights = step.transformer_weights or {}
    made = []
    for name, member, columns in step.transformers_:
        places = _find_places(step, block, name, columns)
        if not places or (isinstance(member, str) and member == "drop"):
            continue
        output = transform(program, member, program.take(block, places))
        made.append(program.multiply(output, weights[name]) if name in weights else output)
    return _join(program, block, made)


def compile_union(program: Program, union: Any, block: Block) -> Block:
    """Compile a FeatureUnion: all members take the same columns."""
    weights = union.transformer_weights or {}
    made = []
    for name, member in union.transformer_list:
        output = transform(program, member, block)
        made.append(program.multiply(output, weights[name]) if name in weights else output)
    return _join(program, block, made)


def compile_best(program: Program, search: Any, block: Block) -> Answer:
    """Compile a search by the estimator that it chose."""
    return program.predict(search.best_estimator_, block)


def compile_frozen(program: Program, frozen: Any, block: Block) -> Answer:
    """Compile a FrozenEstimator."""
    return program.predict(frozen.estimator, block)


def _join(program: Program, block: Block, made: Sequence[Block]) -> Block:
    return program.join(made) if made else program.take(block, [])


def _find_places(step: Any, block: Block, name: str, columns: Any) -> list[int]:
    """Find the columns of the block that a member of a column transformer takes."""
    indices = getattr(step, "_transformer_to_input_indices", {}).get(name)
    if indices is None:
        raise NotCompiled("its ColumnTransformer does not say which columns its members take")
    if block.width == step.n_features_in_:
        return [int(index) for index in indices]
    # Some columns of the training are used by no member, and are no features: the others are found by name.
    places = {column.name: place for place, column in enumerate(block.columns)}
    names = [str(step.feature_names_in_[index]) for index in indices]
    if missing := [each for each in names if each not in places]:
        raise NotCompiled(f"its ColumnTransformer takes columns that are not there: {', '.join(missing)}")
    return [places[each] for each in names]
