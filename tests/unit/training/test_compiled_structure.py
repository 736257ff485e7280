"""What other releases of scikit-learn keep of a fitted estimator is compiled too. Touches nothing."""

from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from function.model.contract import NUMBER, Feature
from function.runtimes.flat import kinds
from function.runtimes.flat.file import parse
from function.runtimes.flat.program import Program as Runner
from tests.unit.small_models import make_targets
from training.compile.blocks import Block, NotCompiled
from training.compile.codes import make_codes
from training.compile.compiling import compile_estimator
from training.compile.outputs import TargetOutput
from training.compile.program import Program
from training.compile.registry import HEADS, TRANSFORMERS
from training.compile.structure import find_places, select_trained_columns

NAMES = ["a", "b", "c", "d"]
FRAME = pandas.DataFrame(numpy.arange(20.0).reshape(5, 4), columns=NAMES)
FEATURES = [Feature(name, NUMBER, nullable=True) for name in NAMES]


def start_program(features: list[Feature]) -> Program:
    return Program(features, TRANSFORMERS, HEADS)


def make_runner(data: bytes, width: int) -> Runner:
    return Runner(*parse(memoryview(data)), len(data), kinds.NUMBER * width)


def encode_value(program: Program, value: Block) -> bytes:
    """The file of a regression that answers this block."""
    return program.encode([TargetOutput(0, value, None)])


def run(program: Program, block: Block, row: list[Any]) -> list[float]:
    """Run a record, whose block is added up so that it is an answer."""
    ones = numpy.ones((block.width, 1))
    data = encode_value(program, program.multiply_matrix(program.make_numbers(block), ones))
    return make_runner(data, len(row)).run_row(row)


@pytest.mark.parametrize(
    "columns",
    [
        ["c", "a"],
        "b",
        [2, 0],
        [-1, 0],
        1,
        -2,
        slice(1, 3),
        slice("b", "d"),
        slice(None, "b"),
        [True, False, True, False],
        numpy.array([False, True, True, False]),
        pandas.Index(["d", "b"]),
        pandas.Series([1, 3]),
        [],
        lambda frame: [name for name in frame.columns if name > "b"],
    ],
)
def test_columns_are_found_where_a_release_keeps_no_places(columns: Any) -> None:
    kept = "drop" if isinstance(columns, (str, int)) else "passthrough"
    step = ColumnTransformer([("chosen", kept, columns)], remainder="passthrough").fit(FRAME)
    block = start_program(FEATURES).record
    with_places = [find_places(step, block, name, chosen) for name, _, chosen in step.transformers_]
    del step._transformer_to_input_indices
    assert [find_places(step, block, name, chosen) for name, _, chosen in step.transformers_] == with_places


def test_column_transformer_of_another_width_is_not_compiled() -> None:
    step = ColumnTransformer([("chosen", "passthrough", ["a"])]).fit(FRAME)
    with pytest.raises(NotCompiled):
        find_places(step, start_program(FEATURES[:3]).record, "chosen", ["a"])


def test_columns_that_are_no_features_keep_their_places() -> None:
    step = ColumnTransformer([("last", "passthrough", [-1]), ("second", "passthrough", ["b"])]).fit(FRAME[NAMES])
    program = start_program([FEATURES[1], FEATURES[3]])
    block = program.transform(step, select_trained_columns(program, step))
    assert [column.name for column in block.columns] == ["d", "b"]
    assert run(program, block, [10.0, 1.0]) == [11.0]


def test_taking_of_what_was_taken_is_one_step() -> None:
    program = start_program(FEATURES)
    taken = program.take(program.take(program.take(program.record, [3, 2, 1]), [2, 0]), [1, 0, 1])
    assert [column.name for column in taken.columns] == ["d", "b", "d"]
    data = encode_value(program, program.multiply_matrix(taken, [[1.0], [10.0], [100.0]]))
    assert [step["op"] for step in parse(memoryview(data))[0].steps] == ["take", "matrix"]
    assert make_runner(data, 4).run_row([1.0, 2.0, 3.0, 4.0]) == [424.0]


def test_categories_of_a_release_without_an_encoder_are_the_numbers_themselves() -> None:
    generator = numpy.random.default_rng(5)
    frame = pandas.DataFrame({"c": generator.integers(0, 12, 300).astype(float), "x": generator.normal(size=300)})
    frame.loc[frame["x"] > 1, "c"] = numpy.nan
    target = numpy.where(frame["c"].isin([1, 4, 7]), 5.0, frame["x"])
    options: dict[str, Any] = {"categorical_features": [0], "max_iter": 20, "min_samples_leaf": 2}
    estimator = HistGradientBoostingRegressor(**options).fit(frame, target)
    asked = frame.assign(c=generator.choice([-3.0, 0.0, 4.0, 7.0, 11.0, 12.0, 200.0, numpy.nan], 300))
    expected = estimator.predict(asked).tolist()
    # The categories are 0 to 11: the encoder numbers them as they are.
    del estimator._preprocessor
    features = [Feature("c", NUMBER, nullable=True), Feature("x", NUMBER)]
    data = compile_estimator(estimator, features, make_targets()).data
    program = make_runner(data, 2)
    rows = [[None if numpy.isnan(c) else c, x] for c, x in asked.to_numpy().tolist()]
    assert [program.run_row(row) for row in rows] == [[value] for value in expected]


def test_encoders_of_a_release_without_infrequent_categories_are_compiled() -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0]})
    one_hot = OneHotEncoder(drop="first", handle_unknown="ignore").fit(frame)
    del one_hot._drop_idx_after_grouping
    program = start_program([Feature("a", NUMBER)])
    block = program.transform(one_hot, program.record)
    assert block.width == 2
    assert [run(program, block, [value]) for value in (1.0, 2.0, 4.0)] == [[0.0], [1.0], [0.0]]
    ordinal = OrdinalEncoder().fit(frame)
    del ordinal.encoded_missing_value
    assert run(program, program.transform(ordinal, program.record), [3.0]) == [2.0]


def test_categories_of_another_kind_than_the_column_are_not_compiled() -> None:
    program = start_program(FEATURES[:1])
    with pytest.raises(NotCompiled):
        make_codes(program, program.record, [numpy.array(["a", 1.0], dtype=object)], refuses=False)


def test_small_integers_beside_float32_are_rounded_for_trees() -> None:
    features = [Feature("a", NUMBER, dtype="int8"), Feature("b", NUMBER, dtype="float32")]
    program = start_program(features)
    numbers = program.make_numbers(program.record)
    assert numbers.dtype == "float32"
    (value,) = run(program, program.round(numbers), [2.1, 0.0])
    assert value == float(numpy.float32(2.1))
    # What training had is float32 already: nothing is rounded twice.
    rounded = program.round(numbers)
    assert program.round(rounded) == rounded
