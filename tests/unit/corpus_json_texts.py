"""Bodies that are no JSON, or not only: other encodings, repeated keys, cut texts, too deep, too large."""

from collections.abc import Iterator

from tests.unit.corpus_case import CSV, INVALID, MALFORMED, MEGABYTE, OK, TOO_LARGE, Case, record, shorten_value


def duplicates() -> Iterator[Case]:
    """A key twice in one object, at several depths and in several spellings."""
    texts = {
        "record": '{"AreaSqft":1,"AreaSqft":1500,"NumBedrooms":3}',
        "equal-values": '{"AreaSqft":1500,"AreaSqft":1500,"NumBedrooms":3}',
        "escaped": '{"AreaSqft":1,"\\u0041reaSqft":1500,"NumBedrooms":3}',
        "unknown": '{"x":1,"x":2}',
        "empty-key": '{"":1,"":2}',
        "instances": '{"instances":[],"instances":[]}',
        "in-instance": '{"instances":[{"AreaSqft":1,"AreaSqft":2,"NumBedrooms":3}]}',
        "in-value": '{"AreaSqft":{"a":1,"a":1},"NumBedrooms":3}',
        "in-array": '{"AreaSqft":[[{"a":1,"a":1}]],"NumBedrooms":3}',
        "in-unknown": '{"AreaSqft":1500,"NumBedrooms":3,"x":{"y":{"z":{"a":1,"b":2,"a":3}}}}',
        "top-level-array": '[{"a":1,"a":2}]',
        "four-deep": '{"a":{"b":{"c":{"d":1,"d":2}}}}',
    }
    for name, text in texts.items():
        yield Case(f"duplicate-{name}", text.encode(), MALFORMED)
    # The same key in different objects is no duplicate.
    yield Case("no-duplicate-siblings", f'{{"instances":[{record("houses")},{record("houses")}]}}'.encode(), OK)


def unicode() -> Iterator[Case]:
    """Bytes that are no UTF-8, and UTF-8 that is no text."""
    good = record("houses")
    wrong_bytes = {
        "surrogate": b"\xed\xa0\x80",
        "low-surrogate": b"\xed\xb0\x80",
        "cesu-8-pair": b"\xed\xa0\xbd\xed\xb8\x80",
        "overlong-nul": b"\xc0\x80",
        "overlong-slash": b"\xe0\x80\xaf",
        "continuation": b"\x80",
        "latin-1": "é".encode("latin-1"),
        "ff": b"\xff",
        "five-bytes": b"\xf8\x88\x80\x80\x80",
        "past-10ffff": b"\xf4\x90\x80\x80",
        "cut-short": b"\xe2\x82",
    }
    for name, sequence in wrong_bytes.items():
        yield Case(f"bytes-{name}-in-value", b'{"size":2,"colour":"' + sequence + b'"}', MALFORMED, "picky")
        yield Case(f"bytes-{name}-in-key", b'{"' + sequence + b'":1}', MALFORMED)
        yield Case(f"bytes-{name}-after", good.encode() + sequence, MALFORMED)
        yield Case(f"bytes-{name}-alone", sequence, MALFORMED)
        cell = b"size,colour\n2," + sequence + b"\n"
        yield Case(f"csv-bytes-{name}", cell, MALFORMED, "picky", CSV)
    halves = (
        "\\ud800",
        "\\udfff",
        "\\uD83D",
        "\\ude00\\ud83d",
        "\\ud83dx\\ude00",
        "\\ud83d\\ud83d\\ude00",
        "a\\udc00b",
    )
    for half in halves:
        yield Case(f"half-{half}-in-value", f'{{"size":2,"colour":"{half}"}}'.encode(), MALFORMED, "picky")
        yield Case(f"half-{half}-in-mixed", record("mixed", _4=f'"{half}"').encode(), MALFORMED, "mixed")
        yield Case(f"half-{half}-in-key", f'{{"{half}":2}}'.encode(), MALFORMED)
        yield Case(f"half-{half}-in-nested-key", f'{{"AreaSqft":[{{"{half}":2}}]}}'.encode(), MALFORMED)
        yield Case(f"half-{half}-in-array", f'["{half}"]'.encode(), MALFORMED)
        yield Case(f"half-{half}-alone", f'"{half}"'.encode(), MALFORMED)
        instance = f'{{"instances":[{good},{{"{half}":1}}]}}'
        yield Case(f"half-{half}-in-instance", instance.encode(), MALFORMED)
    yield Case("whole-pair-escaped", record("mixed", _4='"\\ud83c\\udfe0"').encode(), OK, "mixed")
    yield Case("key-escaped-pair", record("mixed").replace("🏠", "\\ud83c\\udfe0").encode(), OK, "mixed")
    yield Case("nul-escaped-in-value", record("mixed", _4='"\\u0000"').encode(), OK, "mixed")
    yield Case("line-separator-in-value", record("mixed", _4='"\u2028"').encode(), OK, "mixed")
    yield Case("nul-raw-in-value", record("mixed", _4='"\0"').encode(), MALFORMED, "mixed")
    yield Case("newline-raw-in-value", record("mixed", _4='"\n"').encode(), MALFORMED, "mixed")
    yield Case("line-separator-between", good.replace(",", ",\u2028").encode(), MALFORMED)
    yield Case("no-break-space-between", good.replace(",", ",\u00a0").encode(), MALFORMED)
    yield Case("nul-after", good.encode() + b"\0", MALFORMED)
    yield Case("nul-before", b"\0" + good.encode(), MALFORMED)
    yield Case("bom-utf-8", good.encode("utf-8-sig"), OK)
    yield Case("bom-utf-8-alone", b"\xef\xbb\xbf", MALFORMED)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        yield Case(f"json-{encoding}", good.encode(encoding), MALFORMED)
        yield Case(f"json-{encoding}-mixed", record("mixed").encode(encoding), MALFORMED, "mixed")


def make_broken_json() -> Iterator[Case]:
    """Texts that only nearly are JSON."""
    for model in ("houses", "mixed"):
        whole = record(model).encode()
        for length in range(1, len(whole)):
            yield Case(f"truncated-{model}-at-{length}", whole[:length], MALFORMED, model)
    whole = f'{{"instances":[{record("houses")},{record("houses")}]}}'.encode()
    for length in range(1, len(whole), 3):
        yield Case(f"truncated-instances-at-{length}", whole[:length], MALFORMED)
    texts = {
        "trailing-comma": '{"AreaSqft":1500,"NumBedrooms":3,}',
        "trailing-comma-array": f'{{"instances":[{record("houses")},]}}',
        "leading-comma": '{,"AreaSqft":1500,"NumBedrooms":3}',
        "double-comma": '{"AreaSqft":1500,,"NumBedrooms":3}',
        "missing-comma": '{"AreaSqft":1500 "NumBedrooms":3}',
        "missing-colon": '{"AreaSqft" 1500,"NumBedrooms":3}',
        "missing-value": '{"AreaSqft":,"NumBedrooms":3}',
        "garbage-after": record("houses") + "x",
        "second-record": record("houses") * 2,
        "json-lines": record("houses") + "\n" + record("houses"),
        "closing-brace-twice": record("houses") + "}",
        "garbage-before": "x" + record("houses"),
        "xssi-prefix": ")]}'," + record("houses"),
        "single-quotes": record("houses").replace('"', "'"),
        "bare-keys": record("houses").replace('"', ""),
        "line-comment": '{"AreaSqft":1500, // area\n"NumBedrooms":3}',
        "block-comment": '{"AreaSqft":1500, /* area */ "NumBedrooms":3}',
        "hash-comment": '# record\n{"AreaSqft":1500,"NumBedrooms":3}',
        "python-none": '{"AreaSqft":None,"NumBedrooms":3}',
        "python-true": '{"AreaSqft":True,"NumBedrooms":3}',
        "undefined": '{"AreaSqft":undefined,"NumBedrooms":3}',
        "upper-null": '{"AreaSqft":NULL,"NumBedrooms":3}',
        "lower-nan": '{"AreaSqft":nan,"NumBedrooms":3}',
        "inf": '{"AreaSqft":inf,"NumBedrooms":3}',
        "number-key": '{1:1500,"NumBedrooms":3}',
        "null-key": '{null:1500,"NumBedrooms":3}',
        "bad-escape": '{"\\q":1}',
        "bad-unicode-escape": '{"\\u12g4":1}',
        "short-unicode-escape": '{"\\u12":1}',
        "hex-escape": '{"\\x41":1}',
        "tab-in-string": '{"a\tb":1}',
        "unclosed-string": '{"AreaSqft":1500,"NumBedrooms',
        "mismatched": '{"instances":[}]',
        "whitespace": "  \n\t ",
        "only-newline": "\n",
        "form-feed": "\f" + record("houses"),
        "yaml": "AreaSqft: 1500\nNumBedrooms: 3",
        "xml": "<record><AreaSqft>1500</AreaSqft></record>",
        "form": "AreaSqft=1500&NumBedrooms=3",
        "csv": "AreaSqft,NumBedrooms\n1500,3\n",
        "html": "<!doctype html>",
        "shell": "'" + record("houses") + "'",
    }
    for name, text in texts.items():
        yield Case(f"json-{name}", text.encode(), MALFORMED)
    for number in ("01500", "+1500", ".5", "1500.", "1e", "1e+", "-", "--1", "- 1", "0x10", "0o17", "0b1", "1_500"):
        yield Case(f"number-{number}", record("houses", _0=number).encode(), MALFORMED)
    for number in (
        "1,500",
        "\uff11\uff15\uff10\uff10",
        "1500f",
        "1500n",
        "1/2",
        "٣",
        "1e5.5",
        "1.2.3",
        "(1500)",
        "1500 sqft",
    ):
        yield Case(f"number-{shorten_value(number)}", record("houses", _0=number).encode(), MALFORMED)
    for number in (
        "-0",
        "0.0",
        "-1",
        "1E3",
        "1.5e+3",
        "1e-999",
        "5e-324",
        "1500.0000000000000000000000000000001",
        "1e38",
    ):
        yield Case(f"number-{number}", record("houses", _0=number).encode(), OK)
    yield Case("whitespace-around", f" \n{record('houses')}\r\n\t ".encode(), OK)
    yield Case("whitespace-between", record("houses").replace(":", " :\n\t").encode(), OK)


def depth_and_size() -> Iterator[Case]:
    """Bodies that are too deep, too long or too large, or nearly so."""
    for deep in (1_000, 10_000, 100_000, 3_000_000):
        yield Case(f"open-arrays-{deep}", b"[" * deep, MALFORMED)
        yield Case(f"open-objects-{deep}", b'{"a":' * min(deep, 1_000_000), MALFORMED)
    for deep in (100_000, 1_000_000):
        yield Case(f"arrays-{deep}", b"[" * deep + b"]" * deep, MALFORMED)
        yield Case(f"objects-{deep}", b'{"a":' * (deep // 2) + b"1" + b"}" * (deep // 2), MALFORMED)
        yield Case(f"value-{deep}-deep", b'{"AreaSqft":' + b"[" * deep + b"]" * deep + b"}", MALFORMED)
        both = b'{"instances":[' + b'[{"a":' * (deep // 2) + b"1" + b"}]" * (deep // 2) + b"]}"
        yield Case(f"mixed-{deep}-deep", both, MALFORMED)
    shallow = b'{"AreaSqft":' + b"[" * 100 + b"]" * 100 + b',"NumBedrooms":3}'
    yield Case("value-100-deep", shallow, INVALID, errors=[("/AreaSqft", "wrong_type")])
    yield Case("array-5-million", b"[" + b"0," * 5_000_000 + b"0]", TOO_LARGE)
    long = b'{"AreaSqft":[' + b"0," * 2_000_000 + b'0],"NumBedrooms":3}'
    yield Case("value-is-array-of-2-million", long, INVALID, errors=[("/AreaSqft", "wrong_type")])
    good = record("houses").encode()
    yield Case("size-at-cap", good.ljust(6 * MEGABYTE), OK)
    yield Case("size-past-cap", good.ljust(6 * MEGABYTE + 1), TOO_LARGE)
    yield Case("size-past-cap-garbage", b"\xff" * (6 * MEGABYTE + 1), TOO_LARGE)
    yield Case("size-past-cap-csv", b"x" * (6 * MEGABYTE + 1), TOO_LARGE, content_type=CSV)
    yield Case("digits-5-million", b'{"AreaSqft":' + b"9" * 5_000_000 + b',"NumBedrooms":3}', INVALID)
    long_text = record("mixed", _4='"' + "x" * 3_000_000 + '"').encode()
    yield Case("text-of-3-million", long_text, OK, "mixed")
    yield Case("key-of-2-million", b'{"' + b"k" * 2_000_000 + b'":1}', INVALID)
    yield Case("key-of-1-million-non-ascii", ('{"' + "é" * 1_000_000 + '":1}').encode(), INVALID)
    keys = ",".join(f'"{index}":0' for index in range(100_000))
    yield Case("unknown-fields-100000", f"{{{keys}}}".encode(), INVALID)
