"""Make the columns that trees of CatBoost compare: numbers, indicators of categories, counts of categories."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from training.compile.blocks import Block, Column
from training.compile.catboost_counts import Bits, build_counts
from training.compile.catboost_features import CATEGORY, COUNT, NUMBER, Features, Json, Key, Split
from training.compile.codes import make_codes
from training.compile.curves import LARGEST, widen
from training.compile.program import Program


class Columns(NamedTuple):
    """The columns that trees compare, by their keys; `block` is None if the trees compare nothing."""

    block: Block | None
    places: Mapping[Key, int]


def build_columns(program: Program, model: Json, splits: Sequence[Json], block: Block) -> Columns:
    """Make the columns that these splits compare, of a block with the columns of training."""
    features = Features.read(model)
    keys = {features.read_split(split).key for split in splits}
    counts = sorted(key[1] for key in keys if key[0] == COUNT)
    combined = [each for number in counts for each in features.counts[number]["elements"]]
    inner = [features.read_split(each) for each in combined if each["combination_element"] != "cat_feature_value"]
    needed = keys | {split.key for split in inner}
    made: list[Block] = []
    places: dict[Key, int] = {}

    def append(added: Block, names: Sequence[Key]) -> None:
        places.update({name: sum(each.width for each in made) + place for place, name in enumerate(names)})
        made.append(added)

    numbers = sorted(key for key in needed if key[0] == NUMBER)
    if numbers:
        append(_make_numbers(program, features, [key[1] for key in numbers], block), numbers)
    if features.categories:
        hashes = _make_hashes(program, features, block)
        indicated = sorted(key for key in needed if key[0] == CATEGORY)
        if indicated:
            append(_make_indicators(program, features, indicated, hashes), indicated)
        if counts:
            bits = _answer_splits(program, inner, made, places)
            added, order = build_counts(program, model, counts, hashes, bits)
            append(added, [(COUNT, number) for number in order])
        if not indicated and not counts:
            append(hashes, [])  # categories that no tree compares are refused as others
    return Columns(program.join(made) if made else None, places)


def _make_numbers(program: Program, features: Features, numbers: Sequence[int], block: Block) -> Block:
    """Make numbers in which NaN is above all borders where it must be; elsewhere it is above none."""
    described = [features.numbers[number] for number in numbers]
    taken = program.take(block, [feature["flat_feature_index"] for feature in described])
    made = widen(program.make_numbers(taken))  # they are compared, which is no computation in float32
    above = [feature["has_nans"] and feature["nan_value_treatment"] == "AsTrue" for feature in described]
    return program.fill(made, [LARGEST if each else None for each in above])


def _make_hashes(program: Program, features: Features, block: Block) -> Block:
    """Make the hash of each category; features follow one another by their index."""
    places = [features.categories[index]["flat_feature_index"] for index in sorted(features.categories)]
    taken = program.take(block, places)
    return program.add("hash", [taken], [Column()] * taken.width, {})


def _make_indicators(program: Program, features: Features, keys: Sequence[Key], hashes: Block) -> Block:
    """Make a column for each category of `keys`, which are sorted: 1 where it is the value's, else 0."""
    order = sorted(features.categories)
    used = sorted({key[1] for key in keys})
    categories = [numpy.array([key[2] for key in keys if key[1] == index and len(key) > 2], float) for index in used]
    taken = program.take(hashes, [order.index(index) for index in used])
    codes = make_codes(program, taken, categories, refuses=False)
    sizes = [len(values) for values in categories]
    places: list[int] = []
    for size in sizes:
        last = max(places, default=0)
        places += [*range(last + 1, last + size + 1), 0]
    arrays = {"bounds": ("I", numpy.cumsum([0, *(size + 1 for size in sizes)])), "places": ("I", places)}
    return program.add("indicate", [codes], [Column()] * sum(sizes), arrays, width=sum(sizes))


def _answer_splits(
    program: Program, splits: Sequence[Split], made: Sequence[Block], places: Mapping[Key, int]
) -> Bits | None:
    """Make a column for each split: 1 where the value is above its border, else 0."""
    asked = sorted({*splits})
    if not asked:
        return None
    taken = program.take(program.join(made), [places[split.key] for split in asked])
    # A difference of numbers is 0 only if they are equal, and NaN is not above 0.
    answers = program.compare(program.subtract(taken, [split.border for split in asked]))
    return Bits(answers, {split: place for place, split in enumerate(asked)})
