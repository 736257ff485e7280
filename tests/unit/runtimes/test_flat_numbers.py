"""Operations on numbers: equal bits for a record and for a table, and no damaged step is taken. Touches nothing."""

import math
import struct
from array import array
from itertools import product
from typing import Any

import numpy
import pytest

from function.model.runtime import NotPredictable
from function.runtimes.flat.file import Step
from function.runtimes.flat.functions import EXACT, FUNCTIONS, find_function, find_normal_quantile
from function.runtimes.flat.operations import create_operation

ODD = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -3.25, 5e-324, -5e-324, 1e-8, 1e39, -1e39, 1e300, -1e300, math.nan)
INFINITE = (math.inf, -math.inf)
LIMITS = {"lows": ("d", [-1.0, -math.inf]), "highs": ("d", [0.25, math.inf])}
PERIOD: list[float] = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7]
ENDS = [0.1 * place for place in range(2 * 4 * 5)]
KNOTS = [-3.0, -2, -1, 0, 1, 2, 3, 4]


def describe_splines(beyond: str, **changed: Any) -> tuple[str, tuple[int, ...], dict[str, Any], dict[str, Any]]:
    splines = 7 - 3 if beyond == "periodic" else 5
    degree = 3 if beyond == "periodic" else 2
    knots = PERIOD if beyond == "periodic" else KNOTS
    arrays = {"knots": ("d", knots * 2), "base": ("d", [-1.0, -1.0, 2.0, 2.0]), "ends": ("d", ENDS)}
    return ("splines", (2,), {"splines": splines, "degree": degree, "beyond": beyond} | changed, arrays)


# The operation, the widths of its blocks, its options and its arrays.
STEPS: dict[str, tuple[str, tuple[int, ...], dict[str, Any], dict[str, Any]]] = {
    **{
        f"normalize {norm}": ("normalize", (2,), {"norm": norm, "least": 1e-15, "single": False}, {})
        for norm in ("l1", "l2", "max")
    },
    "yeo-johnson": ("power", (2,), {"method": "yeo-johnson"}, {"powers": ("d", [0.3, 2.0])}),
    "yeo-johnson, steep": ("power", (2,), {"method": "yeo-johnson"}, {"powers": ("d", [-9.0, 0.0])}),
    "box-cox": ("power", (2,), {"method": "box-cox"}, {"powers": ("d", [-0.7, 0.0])}),
    "bins": ("bins", (2,), {}, {"bounds": ("I", [0, 3, 3]), "edges": ("d", [-1.0, 0.0, 1.0])}),
    "quantiles": (
        *("interpolate", (2,), {}),
        {
            "values": ("d", [0.0, 0.25, 0.5, 1.0]),
            "points": ("d", [-1.0, 0.5, 0.5, 3.0, 2.5, 2.5, 2.5, 2.5]),
            "lows": ("d", [-1.0, math.nextafter(2.5, 3)]),
            "highs": ("d", [3.0, math.nextafter(2.5, 2)]),
        },
    ),
    "quantiles with a margin": (
        *("interpolate", (2,), {}),
        {
            "values": ("d", [0.0, 1.0]),
            "points": ("d", [-1.0, 1.0, 0.0, 1e300]),
            "lows": ("d", [-0.9999999, 1e-7]),
            "highs": ("d", [0.9999999, 1e300]),
        },
    ),
    "products": ("products", (2,), {}, {"left": ("H", [0, 0, 1]), "right": ("H", [0, 1, 1])}),
    **{
        f"splines, {beyond}": describe_splines(beyond)
        for beyond in ("constant", "linear", "continue", "periodic", "error")
    },
    "erase": ("erase", (2,), {"values": [-1.0, None]}, {}),
    "refuse_null": ("refuse_null", (2,), {}, {}),
    "regress": (
        *("regress", (2, 2), {}),
        {"columns": ("I", [1, 0]), "factors": ("d", [0.5, 0.0, 0.0, -0.3]), "starts": ("d", [0.1, 0.2]), **LIMITS},
    ),
    "patch": ("patch", (2, 2, 2), {}, {}),
    "neighbours": (
        *("neighbours", (2,), {"count": 2}),
        {"rows": ("d", [0.0, 1.0, math.nan, 2.0, 0.5, math.nan, 7.0, 3.0]), "means": ("d", [2.5, 2.0])},
    ),
    "neighbours, of which one column gets none": (
        *("neighbours", (2,), {"count": 3}),
        {"rows": ("d", [0.0, 1.0, 1.0, 2.0, 0.5, math.nan, 7.0, 3.0]), "means": ("d", [2.5, math.nan])},
    ),
    **{f"apply {name}": ("apply", (2,), {"function": name}, {}) for name in FUNCTIONS},
}
# By the step that is damaged: what is put in for an option, for an array, or for the widths.
DAMAGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("normalize l2", {"norm": "l3"}),
    ("normalize l2", {"least": 0.0}),
    ("normalize l2", {"least": math.nan}),
    ("normalize l2", {"widths": (0,)}),
    ("yeo-johnson", {"method": "log"}),
    ("yeo-johnson", {"powers": ("d", [1.0])}),
    ("yeo-johnson", {"powers": ("d", [1.0, math.inf])}),
    ("bins", {"bounds": ("I", [0, 3])}),
    ("bins", {"bounds": ("I", [0, 2, 4])}),
    ("bins", {"bounds": ("I", [1, 3, 3])}),
    ("bins", {"bounds": ("I", [0, 2**32 - 1, 3])}),
    ("bins", {"edges": ("d", [0.0, -1.0, 1.0])}),
    ("bins", {"edges": ("d", [0.0, math.nan, 1.0])}),
    ("quantiles", {"values": ("d", [])}),
    ("quantiles", {"values": ("d", [1.0, 0.25, 0.5, 1.0])}),
    ("quantiles", {"points": ("d", [0.0] * 7)}),
    ("quantiles", {"points": ("d", [3.0, 2.0, *[3.0] * 6])}),
    ("quantiles", {"lows": ("d", [-1.1, 2.5])}),
    ("quantiles", {"highs": ("d", [3.0, 2.6])}),
    ("quantiles", {"highs": ("d", [3.0])}),
    ("products", {"left": ("H", [0, 0, 2])}),
    ("products", {"right": ("H", [0, 1])}),
    ("splines, linear", {"degree": 31}),
    ("splines, linear", {"degree": -1}),
    ("splines, linear", {"splines": 0}),
    ("splines, linear", {"splines": 2**20}),
    ("splines, linear", {"beyond": "nowhere"}),
    ("splines, linear", {"knots": ("d", [*KNOTS, *KNOTS[::-1]])}),
    ("splines, linear", {"knots": ("d", KNOTS)}),
    ("splines, linear", {"base": ("d", [0.0, 0.0, 1.0])}),
    ("splines, linear", {"ends": ("d", ENDS[1:])}),
    ("splines, linear", {"ends": ("d", [math.inf, *ENDS[1:]])}),
    ("erase", {"values": [1.0]}),
    ("erase", {"values": [1.0, True]}),
    ("erase", {"values": [1.0, [1.0]]}),
    ("regress", {"widths": (2, 3)}),
    ("regress", {"widths": (2,)}),
    ("regress", {"columns": ("I", [0, 2])}),
    ("regress", {"factors": ("d", [1.0, 1.0, 1.0])}),
    ("regress", {"factors": ("d", [1.0, 1.0, 1.0, math.nan])}),
    ("regress", {"starts": ("d", [1.0])}),
    ("regress", {"lows": ("d", [1.0, math.nan])}),
    ("patch", {"widths": (2, 2)}),
    ("patch", {"widths": (2, 2, 1)}),
    ("neighbours", {"rows": ("d", [1.0])}),
    ("neighbours", {"means": ("d", [1.0])}),
    ("neighbours", {"count": 0}),
    ("neighbours", {"widths": (0,)}),
    ("apply exp", {"function": "eval"}),
)


def make_step(name: str, changed: dict[str, Any] | None = None) -> Step:
    op, widths, options, described = STEPS[name]
    values = options | described | (changed or {})
    widths = values.pop("widths", widths)
    arrays = {
        key: memoryview(array(value[0], value[1]).tobytes()).cast(value[0])
        for key, value in values.items()
        if isinstance(value, tuple)
    }
    kept = {key: value for key, value in values.items() if not isinstance(value, tuple)}
    return Step(op, tuple(range(len(widths))), widths, kept, arrays)


def list_rows() -> list[list[float]]:
    return [list(pair) for pair in product((*ODD, *INFINITE), repeat=2)]


def read_bits(row: list[float] | None) -> list[bytes] | None:
    """The bits of each number; all NaN are the same."""
    return None if row is None else [b"NaN" if math.isnan(value) else struct.pack("d", value) for value in row]


@pytest.mark.parametrize("name", STEPS)
def test_record_and_table_give_equal_bits(name: str) -> None:
    operation = create_operation(make_step(name))
    blocks = len(STEPS[name][1])
    rows = list_rows()
    # A block of first guesses has no nulls.
    guesses = [[0.75 if math.isnan(value) else value for value in row] for row in rows]
    inputs = {1: [rows], 2: [guesses, rows], 3: [guesses, rows, rows[::-1]]}[blocks]
    accepted = []
    for row in zip(*inputs, strict=True):
        try:
            found = operation.run_row(*(list(each) for each in row))
        except NotPredictable:
            found = None
        try:
            with numpy.errstate(all="ignore"):
                table = operation.run_table(*(list(numpy.array([each]).T) for each in row))
            together = [float(column[0]) for column in table]
        except NotPredictable:
            together = None
        assert read_bits(found) == read_bits(together), row
        assert found is None or len(found) == operation.width
        if found is not None:
            accepted.append((row, found))
    # Rows that are computed together do not mix.
    assert accepted
    with numpy.errstate(all="ignore"):
        tables = [list(numpy.array([row[block] for row, _ in accepted]).T) for block in range(blocks)]
        columns = operation.run_table(*tables)
    for place, (row, found) in enumerate(accepted):
        assert read_bits([float(column[place]) for column in columns]) == read_bits(found), row


@pytest.mark.parametrize(("name", "changed"), DAMAGE, ids=lambda value: str(value)[:60])
def test_damaged_step_is_refused(name: str, changed: dict[str, Any]) -> None:
    create_operation(make_step(name))
    with pytest.raises((ValueError, KeyError, TypeError, IndexError)):
        create_operation(make_step(name, changed))


@pytest.mark.parametrize("name", [name for name in STEPS if STEPS[name][3]])
def test_step_without_one_of_its_arrays_is_refused(name: str) -> None:
    for missing in STEPS[name][3]:
        if missing == "ends" and name not in ("splines, constant", "splines, linear"):
            continue
        step = make_step(name)
        del step.arrays[missing]
        with pytest.raises(KeyError):
            create_operation(step)


def test_known_row_that_is_infinite_is_found() -> None:
    operation = create_operation(make_step("neighbours", {"rows": ("d", [1.0, math.inf])}))
    with pytest.raises(ValueError, match="infinite"):
        operation.check()  # type: ignore[attr-defined]


def test_text_that_is_erased_is_a_null() -> None:
    operation = create_operation(Step("erase", (0,), (2,), {"values": ["?", "?"]}, {}))
    assert operation.run_row(["?", "!"]) == [None, "!"]
    table = operation.run_table([numpy.array(["?", None], dtype=object), numpy.array([None, None], dtype=object)])
    assert table[0].tolist() == [None, None]
    assert table[1].tolist() == [None, None]


@pytest.mark.parametrize("name", sorted(EXACT - {"signed_square"}))
def test_exact_functions_have_the_bits_of_numpy(name: str) -> None:
    values = [*ODD, *INFINITE, 1.5, -0.5, 1e16, 0.1]
    with numpy.errstate(all="ignore"):
        expected = getattr(numpy, name)(numpy.array(values)).tolist()
    assert read_bits([find_function(name)(value) for value in values]) == read_bits(expected)


@pytest.mark.parametrize(
    ("share", "quantile"),
    [(0.5, 0.0), (0.975, 1.959963984540054), (1e-7, -5.199337582192816), (1e-20, -9.262340089798408), (0.0, -math.inf)],
)
def test_normal_quantile_is_the_one_of_the_tables(share: float, quantile: float) -> None:
    assert math.isclose(find_normal_quantile(share), quantile, rel_tol=1e-8)
    assert share == 0 or math.isclose(find_normal_quantile(1 - share), -quantile, rel_tol=1e-8) or share < 1e-16
