"""JSON bodies that can be read and whose values are wrong, or right where one might doubt it."""

from collections.abc import Iterator

from tests.unit.corpus_case import FIELDS, INVALID, MALFORMED, OK, TOO_LARGE, Case, Expected, record, shorten_value

# What JSON can spell, by what it is to the contract.
VALUES = {
    "null": "null",
    "true": "boolean",
    "false": "boolean",
    '""': "string",
    '"5"': "string",
    '"NaN"': "string",
    '"true"': "string",
    '" "': "string",
    "[]": "array",
    "[1]": "array",
    "[[1]]": "array",
    "[null]": "array",
    '["a"]': "array",
    "{}": "object",
    '{"a":1}': "object",
    '{"value":5}': "object",
    '{"a":{"b":[{}]}}': "object",
    "0": "number",
    "2.5": "number",
    "1e999": "huge",
    "-1e999": "huge",
    "1e309": "huge",
    "9" * 309: "huge",
    "1" + "0" * 399: "huge",
    "-1" + "0" * 399: "huge",
    "9" * 5000: "huge",
    "-" + "9" * 5000: "huge",
    "1" * 5000 + ".5": "huge",
}
CONSTANTS = ("NaN", "Infinity", "-Infinity")


def wrong_values() -> Iterator[Case]:
    """Each feature of each model with each kind of value, alone, in instances, and with all others wrong as well."""
    for model, fields in FIELDS.items():
        for index, field in enumerate(fields):
            for value, kind in VALUES.items():
                expected: Expected = OK
                error = None
                if kind == "null":
                    error = None if field.nullable else "null"
                elif field.type == "number" and kind == "huge":
                    error = "too_large"
                elif kind != field.type:
                    error = "wrong_type"
                elif model == "picky" and kind == "string":
                    error = "unseen_category"
                if error:
                    expected = INVALID
                name = f"{model}-{field.header}-{shorten_value(value)}"
                text = record(model, **{f"_{index}": value})
                errors = [(field.pointer, error)] if error else None
                yield Case(name, text.encode(), expected, model, errors=errors)
                if index == 0:
                    many = f'{{"instances":[{record(model)},{text}]}}'.encode()
                    errors = [(f"/instances/1{field.pointer}", error)] if error else None
                    yield Case(f"{name}-in-instances", many, expected, model, errors=errors)
            for constant in CONSTANTS:
                text = record(model, **{f"_{index}": constant})
                yield Case(f"{model}-{field.header}-{constant}", text.encode(), MALFORMED, model)
                text = record(model, **{f"_{index}": f'{{"a":[{constant}]}}'})
                yield Case(f"{model}-{field.header}-nested-{constant}", text.encode(), MALFORMED, model)
        every = record(model, **{f"_{index}": "[]" for index in range(len(fields))})
        errors = [(field.pointer, "wrong_type") for field in fields]
        yield Case(f"{model}-all-wrong", every.encode(), INVALID, model, errors=errors)
        yield Case(f"{model}-good", record(model).encode(), OK, model)


def missing_and_unknown() -> Iterator[Case]:
    """Fields left out, added, misspelt."""
    for model, fields in FIELDS.items():
        yield Case(f"{model}-empty-object", b"{}", INVALID, model, errors=[(f.pointer, "missing") for f in fields])
        for index, field in enumerate(fields):
            without = "{" + ",".join(f"{f.name}:{f.good}" for i, f in enumerate(fields) if i != index) + "}"
            errors = [(field.pointer, "missing")]
            yield Case(f"{model}-without-{field.header}", without.encode(), INVALID, model, errors=errors)
        more = record(model)[:-1] + ',"extra":1}'
        yield Case(f"{model}-extra", more.encode(), INVALID, model, errors=[("/extra", "unknown_field")])
    houses = {
        "other-case": ('{"areasqft":1500,"NumBedrooms":3}', [("/AreaSqft", "missing"), ("/areasqft", "unknown_field")]),
        "space-after": (
            '{"AreaSqft ":1500,"NumBedrooms":3}',
            [("/AreaSqft", "missing"), ("/AreaSqft ", "unknown_field")],
        ),
        "full-width": (
            '{"\uff21reaSqft":1500,"NumBedrooms":3}',
            [("/AreaSqft", "missing"), ("/\uff21reaSqft", "unknown_field")],
        ),
        "empty-key": ('{"":1,"AreaSqft":1500,"NumBedrooms":3}', [("/", "unknown_field")]),
        "key-with-slash": ('{"a/b~c":1,"AreaSqft":1500,"NumBedrooms":3}', [("/a~1b~0c", "unknown_field")]),
        "key-with-nul": ('{"a\\u0000":1,"AreaSqft":1500,"NumBedrooms":3}', [("/a\0", "unknown_field")]),
        "key-with-line-separator": ('{"\u2028":1,"AreaSqft":1500,"NumBedrooms":3}', [("/\u2028", "unknown_field")]),
        "proto": ('{"__proto__":{},"AreaSqft":1500,"NumBedrooms":3}', [("/__proto__", "unknown_field")]),
        "dunder-class": ('{"__class__":1,"AreaSqft":1500,"NumBedrooms":3}', [("/__class__", "unknown_field")]),
        "html": ('{"<script>":1,"AreaSqft":1500,"NumBedrooms":3}', [("/<script>", "unknown_field")]),
        "unknown-holding-1e999": ('{"x":1e999,"AreaSqft":1500,"NumBedrooms":3}', [("/x", "unknown_field")]),
        "all-three": (
            '{"AreaSqft":"x","Bedrooms":3}',
            [("/AreaSqft", "wrong_type"), ("/NumBedrooms", "missing"), ("/Bedrooms", "unknown_field")],
        ),
        "wrapped": (
            '{"data":{"AreaSqft":1500,"NumBedrooms":3}}',
            [("/AreaSqft", "missing"), ("/NumBedrooms", "missing"), ("/data", "unknown_field")],
        ),
        "tensorflow-inputs": (
            '{"inputs":[[1500,3]]}',
            [("/AreaSqft", "missing"), ("/NumBedrooms", "missing"), ("/inputs", "unknown_field")],
        ),
    }
    for name, (text, errors) in houses.items():
        yield Case(f"houses-{name}", text.encode(), INVALID, errors=errors)


def instances() -> Iterator[Case]:
    """What may and may not stand where instances stand."""
    good = record("houses")
    yield Case("instances-empty", b'{"instances":[]}', OK)
    yield Case("instances-empty-iris", b'{"instances":[]}', OK, "iris")
    yield Case("instances-empty-mixed", b'{"instances":[]}', OK, "mixed")
    yield Case("instances-empty-picky", b'{"instances":[]}', OK, "picky")
    yield Case("instances-one", f'{{"instances":[{good}]}}'.encode(), OK)
    for value in ("null", "true", "0", "1.5", "1e999", '""', '"[]"', "{}", good):
        body = f'{{"instances":{value}}}'.encode()
        yield Case(f"instances-is-{shorten_value(value)}", body, INVALID, errors=[("/instances", "wrong_type")])
    for value in ("null", "true", "0", '"x"', "[]", "[1500,3]", "[[]]", '["AreaSqft"]'):
        body = f'{{"instances":[{good},{value}]}}'.encode()
        yield Case(f"instance-is-{shorten_value(value)}", body, INVALID, errors=[("/instances/1", "wrong_type")])
    yield Case(
        "instances-beside-others",
        f'{{"instances":[{good}],"AreaSqft":1,"parameters":{{}}}}'.encode(),
        INVALID,
        errors=[("/AreaSqft", "unknown_field"), ("/parameters", "unknown_field")],
    )
    yield Case(
        "instances-not-an-array-beside-others",
        b'{"a":1,"instances":2}',
        INVALID,
        errors=[("/a", "unknown_field"), ("/instances", "wrong_type")],
    )
    yield Case(
        "instances-in-instances",
        f'{{"instances":[{{"instances":[{good}]}}]}}'.encode(),
        INVALID,
        errors=[
            ("/instances/0/AreaSqft", "missing"),
            ("/instances/0/NumBedrooms", "missing"),
            ("/instances/0/instances", "unknown_field"),
        ],
    )
    yield Case(
        "instances-several-wrong",
        f'{{"instances":[{{}},{good},5,{record("houses", _1="true")}]}}'.encode(),
        INVALID,
        errors=[
            ("/instances/0/AreaSqft", "missing"),
            ("/instances/0/NumBedrooms", "missing"),
            ("/instances/2", "wrong_type"),
            ("/instances/3/NumBedrooms", "wrong_type"),
        ],
    )
    yield Case("instances-10000", f'{{"instances":[{",".join([good] * 10_000)}]}}'.encode(), OK)
    yield Case("instances-10001", f'{{"instances":[{",".join([good] * 10_001)}]}}'.encode(), TOO_LARGE)
    yield Case("instances-10001-empty", f'{{"instances":[{",".join(["{}"] * 10_001)}]}}'.encode(), TOO_LARGE)
    yield Case("instances-million-nulls", b'{"instances":[' + b"null," * 1_000_000 + b"null]}", TOO_LARGE)


def top_level() -> Iterator[Case]:
    """Values that are JSON and no record."""
    for value in (
        "[]",
        "[1500,3]",
        f"[{record('houses')}]",
        '"x"',
        '""',
        "5",
        "-1.5",
        "1e999",
        "null",
        "true",
        "false",
    ):
        for model in FIELDS:
            yield Case(
                f"top-level-{shorten_value(value)}-{model}", value.encode(), INVALID, model, errors=[("", "wrong_type")]
            )


def make_refused_by_the_model() -> Iterator[Case]:
    """Values that the contract takes and the estimator does not."""
    for number in ("1e308", "-1e308", "1e39", "3.5e38", "1" + "0" * 308):
        # Past what a forest's 32-bit floats hold.
        errors = [("/AreaSqft", "out_of_range")]
        body = record("houses", _0=number).encode()
        yield Case(f"past-float32-{shorten_value(number)}", body, INVALID, errors=errors)
        many = f'{{"instances":[{record("houses")},{record("houses", _1=number)}]}}'.encode()
        errors = [("/instances/1/NumBedrooms", "out_of_range")]
        yield Case(f"past-float32-{shorten_value(number)}-in-instances", many, INVALID, errors=errors)
        errors = [("/area~1m²", "out_of_range")]
        yield Case(f"past-float32-{shorten_value(number)}-mixed", record("mixed", _0=number).encode(), INVALID, "mixed")
        errors = [("/petal width (cm)", "out_of_range")]
        yield Case(
            f"past-float32-{shorten_value(number)}-iris",
            record("iris", _3=number).encode(),
            INVALID,
            "iris",
            errors=errors,
        )
    for number in ("1.7e308", "-1.7e308"):
        body = record("picky", _0=number).encode()
        yield Case(f"answer-overflows-{number}", body, INVALID, "picky", errors=[("", "not_finite")])
    many = f'{{"instances":[{record("picky")},{record("picky", _0="1.7e308")}]}}'.encode()
    yield Case("answer-overflows-in-instances", many, INVALID, "picky", errors=[("/instances/1", "not_finite")])
    colours = ('"green"', '"RED"', '"red "', '""', '"r\u0435d"', '"=1+1"', '"\\u0000"')
    for colour in colours:
        errors = [("/colour", "unseen_category")]
        name = f"unseen-{shorten_value(colour)}"
        yield Case(name, record("picky", _1=colour).encode(), INVALID, "picky", errors=errors)
    every = ",".join(record("picky", _1=colour) for colour in colours)
    errors = [(f"/instances/{index}/colour", "unseen_category") for index in range(len(colours))]
    yield Case("unseen-in-instances", f'{{"instances":[{every}]}}'.encode(), INVALID, "picky", errors=errors)
    green = ",".join([record("picky", _1='"green"')] * 10_000)
    yield Case("unseen-10000-times", f'{{"instances":[{green}]}}'.encode(), INVALID, "picky")
