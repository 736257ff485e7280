"""CSV bodies: tables that cannot be read, headers that do not fit, cells that are no values."""

import bz2
import gzip
import lzma
from collections.abc import Iterator

from function.model.contract import PANDAS_NULL_CELLS
from tests.unit.corpus_case import (
    CSV,
    FIELDS,
    INVALID,
    MALFORMED,
    MEGABYTE,
    OK,
    TOO_LARGE,
    Case,
    Errors,
    Expected,
    csv_row,
    record,
    shorten_value,
)

type Body = tuple[bytes, Expected, Errors | None]


def dialects() -> dict[str, Body]:
    """Separators and decimal marks, told and not told."""
    lacking = [("/AreaSqft", "missing"), ("/NumBedrooms", "missing")]
    wrong = [("/0/AreaSqft", "wrong_type")]
    return {
        "semicolons": (b"AreaSqft;NumBedrooms\n1500;3\n", OK, None),
        "semicolons-extra": (b"id;AreaSqft;NumBedrooms;;\na,b;1500;3;;\n", OK, None),
        "semicolons-quoted": (b'"a, b";"AreaSqft";"NumBedrooms"\n"x;y";1500;3\n', OK, None),
        "semicolons-comma-in-header": (b"a, b;AreaSqft;NumBedrooms\n1;1500;3\n", OK, None),
        "semicolons-wrong": (b"Area;Bedrooms\n1500;3\n", INVALID, lacking),
        "semicolons-ragged": (b"AreaSqft;NumBedrooms\n1500,3\n", INVALID, [("/0", "row_length")]),
        "tabs": (b"AreaSqft\tNumBedrooms\n1500\t3\n", OK, None),
        "tabs-crlf": (b"AreaSqft\tNumBedrooms\t\r\n1500\t3\t\r\n", OK, None),
        "pipes": (b"AreaSqft|NumBedrooms\n1500|3\n", MALFORMED, None),
        "spaces": (b"AreaSqft NumBedrooms\n1500 3\n", MALFORMED, None),
        "colons": (b"AreaSqft:NumBedrooms\n1500:3\n", MALFORMED, None),
        "sep-semicolon": (b"sep=;\r\nAreaSqft;NumBedrooms\r\n1500;3\r\n", OK, None),
        "sep-comma": (b"SEP=,\nAreaSqft,NumBedrooms\n1500,3\n", OK, None),
        "sep-tab": (b"sep=\t\nAreaSqft\tNumBedrooms\n1500\t3\n", OK, None),
        "sep-pipe": (b'"sep=|"\n\nAreaSqft|NumBedrooms\n1500|3\n', OK, None),
        "sep-bom": (b"\xef\xbb\xbfsep=;\nAreaSqft;NumBedrooms\n1500;3\n", OK, None),
        "bom-twice": (b"\xef\xbb\xbf\xef\xbb\xbfAreaSqft,NumBedrooms\n1500,3\n", INVALID, lacking[:1]),
        "utf-16-bom-twice": ("\ufeffAreaSqft,NumBedrooms\n1500,3\n".encode("utf-16"), INVALID, lacking[:1]),
        "sep-other": (b"sep=;\nAreaSqft,NumBedrooms\n1500,3\n", INVALID, lacking),
        "sep-alone": (b"sep=;\n", MALFORMED, None),
        "decimal-commas": (b"AreaSqft;NumBedrooms\n1500,5;3\n-1,5e3;2,0\n1,500;3\n,5;3\n", OK, None),
        "decimal-commas-tabs": (b"AreaSqft\tNumBedrooms\n1500,5\t3\n", OK, None),
        "decimal-commas-in-doubt": (b"AreaSqft;NumBedrooms\n1,500;3\n", INVALID, wrong),
        "decimal-commas-among-points": (b"AreaSqft;NumBedrooms\n1500,5;3.0\n", INVALID, wrong),
        "decimal-commas-and-thousands": (b"AreaSqft;NumBedrooms\n1.500,5;3,0\n", INVALID, wrong),
        "decimal-commas-in-quotes": (b'AreaSqft,NumBedrooms\n"1500,5",3\n', INVALID, wrong),
    }


def encodings(table: bytes) -> dict[str, Body]:
    """The table in encodings and packings; other files in its place."""
    text = table.decode()
    other: dict[str, bytes] = {
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "utf-32": text.encode("utf-32"),
        "utf-16-cut": text.encode("utf-16")[:-1],
        "utf-16-half-a-pair": text.encode("utf-16") + b"\x00\xd8",
        "windows-1252": "größe,AreaSqft,NumBedrooms\n1,1500,3\n".encode("windows-1252"),
        "gzip-thrice": gzip.compress(gzip.compress(table)),
        "gzip-cut": gzip.compress(table)[:-9],
        "zip": b"PK\x03\x04\x14\0\x06\0\x08\0" + bytes(64),
        "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
        "parquet": b"PAR1\x15\x04\x15\x10" + bytes(64),
        "bzip2": bz2.compress(table),
        "xz": lzma.compress(table),
        "pdf": b"%PDF-1.7\n",
        "html": b"<!DOCTYPE html>\n<html><body><table>",
        "xml": b'<?xml version="1.0"?>\n',
        "json-array": b'[{"AreaSqft": 1500, "NumBedrooms": 3}]',
        "json-indented": b'[\n  {\n    "AreaSqft": 1500\n  }\n]',
        "git-lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    }
    return {
        "utf-16": (text.encode("utf-16"), OK, None),
        "utf-16-big-endian": (b"\xfe\xff" + text.encode("utf-16-be"), OK, None),
        "utf-16-tabs": (text.replace(",", "\t").encode("utf-16"), OK, None),
        "gzip": (gzip.compress(table), OK, None),
        "gzip-utf-16": (gzip.compress(text.encode("utf-16")), OK, None),
        "gzip-bomb": (gzip.compress(table + b"\n" * (7 * MEGABYTE)), TOO_LARGE, None),
        "parquet-in-name": (b"PAR1,AreaSqft,NumBedrooms\n1,1500,3\n", OK, None),
        **{name: (body, MALFORMED, None) for name, body in other.items()},
    }


def csv_bodies() -> Iterator[Case]:
    """Tables that cannot be read, whose header is wrong, or whose cells are."""
    header, row = b"AreaSqft,NumBedrooms\n", b"1500,3\n"
    whole: dict[str, tuple[bytes, Expected, Errors | None]] = {
        "good": (header + row, OK, None),
        "no-rows": (header, OK, None),
        "no-line-end": (header + b"1500,3", OK, None),
        "crlf": (b"AreaSqft,NumBedrooms\r\n1500,3\r\n", OK, None),
        "lone-cr": (b"AreaSqft,NumBedrooms\r1500,3\r", OK, None),
        "bom": (b"\xef\xbb\xbf" + header + row, OK, None),
        "other-order": (b"NumBedrooms,AreaSqft\n3,1500\n", OK, None),
        "extra-column": (b"id,AreaSqft,NumBedrooms\na,1500,3\n", OK, None),
        "quoted-header": (b'"AreaSqft","NumBedrooms"\n"1500","3"\n', OK, None),
        "blank-lines": (header + b"\n" + row + b"\n\n", OK, None),
        "empty": (b"", MALFORMED, None),
        "newlines": (b"\n\r\n\n", MALFORMED, None),
        "bom-alone": (b"\xef\xbb\xbf", MALFORMED, None),
        "no-header": (row, INVALID, [("/AreaSqft", "missing"), ("/NumBedrooms", "missing")]),
        "missing-column": (b"AreaSqft\n1500\n", INVALID, [("/NumBedrooms", "missing")]),
        "misspelt-column": (b"AreaSqft,Bedrooms\n1500,3\n", INVALID, [("/NumBedrooms", "missing")]),
        "space-in-header": (b"AreaSqft, NumBedrooms\n1500,3\n", INVALID, [("/NumBedrooms", "missing")]),
        "duplicate-column": (
            b"AreaSqft,NumBedrooms,AreaSqft\n1,2,3\n",
            INVALID,
            [("/AreaSqft", "repeated_column")],
        ),
        "duplicate-extra": (b"x,x,AreaSqft,NumBedrooms\n1,1,1500,3\n", OK, None),
        "nameless-extra": (b"AreaSqft,NumBedrooms,,\n1500,3,,\n", OK, None),
        "duplicate-reserved": (
            b"error,error,AreaSqft,NumBedrooms,warnings\n1,1,1500,3,1\n",
            INVALID,
            [("/warnings", "reserved_column")],
        ),
        "reserved-prediction": (
            b"AreaSqft,NumBedrooms,prediction\n1,2,3\n",
            INVALID,
            [("/prediction", "reserved_column")],
        ),
        "reserved-warnings": (b"warnings,AreaSqft,NumBedrooms\n1,2,3\n", INVALID, [("/warnings", "reserved_column")]),
        "short-row": (header + b"1500\n", INVALID, [("/0", "row_length")]),
        "long-row": (header + row + b"1500,3,1\n", INVALID, [("/1", "row_length")]),
        "trailing-comma": (header + b"1500,3,\n", INVALID, [("/0", "row_length")]),
        "ragged": (header + b"1\n" + row + b"1,2,3\n", INVALID, [("/0", "row_length"), ("/2", "row_length")]),
        "space-line": (header + row + b" \n\t\n" + row, OK, None),
        "space-line-first": (b" \n" + header + row, OK, None),
        "bom-blank-line": (b"\xef\xbb\xbf\n" + header + row, OK, None),
        **dialects(),
        "comment": (b"# houses\n" + header + row, INVALID, [("/AreaSqft", "missing"), ("/NumBedrooms", "missing")]),
        "json": (record("houses").encode(), MALFORMED, None),
        "open-quote": (header + b'"1500,3\n', MALFORMED, None),
        "open-quote-in-header": (b'"AreaSqft,NumBedrooms\n1500,3\n', MALFORMED, None),
        "after-quote": (header + b'"1500"x,3\n', MALFORMED, None),
        "quote-in-quotes": (header + b'"15"00",3\n', MALFORMED, None),
        "latin-1": ("id,AreaSqft,NumBedrooms\né,1500,3\n".encode("latin-1"), MALFORMED, None),
        **encodings(header + row),
        "nul-in-number": (header + b"15\x0000,3\n", INVALID, [("/0/AreaSqft", "wrong_type")]),
        "nul-in-extra": (b"id,AreaSqft,NumBedrooms\n\0,1500,3\n", OK, None),
        "both-wrong": (header + b"x,y\n", INVALID, [("/0/AreaSqft", "wrong_type"), ("/0/NumBedrooms", "wrong_type")]),
        "rows-10000": (header + row * 10_000, OK, None),
        "rows-10001": (header + row * 10_001, TOO_LARGE, None),
        "rows-million": (b"AreaSqft\n" + b"1\n" * 1_000_000, TOO_LARGE, None),
        "only-commas": (b"," * 1_000_000, INVALID, None),
        "columns-200000": (
            (",".join(f"c{index}" for index in range(200_000)) + "\n" + "1," * 199_999 + "1\n").encode(),
            INVALID,
            [("/AreaSqft", "missing"), ("/NumBedrooms", "missing")],
        ),
        "cell-of-1-million": (b"id,AreaSqft,NumBedrooms\n" + b"x" * 1_000_000 + b",1500,3\n", OK, None),
    }
    for name, (body, expected, errors) in whole.items():
        yield Case(f"csv-{name}", body, expected, content_type=CSV, errors=errors)
    wide = "AreaSqft,NumBedrooms," + ",".join(f"c{index}" for index in range(200_000)) + "\n1500,3" + ",1" * 200_000
    yield Case("csv-columns-200000-extra", wide.encode(), OK, content_type=CSV)
    yield from csv_cells()


def csv_cells() -> Iterator[Case]:
    """Cells that are numbers, nulls or neither, for a feature that takes nulls and for one that does not."""
    nulls = (*sorted(PANDAS_NULL_CELLS), " ", " NA ")
    numbers = ("1500", "1500.5", "+1500", "-1", "1.5e3", "1E3", " 1500 ", "007", "1.", ".5", "-0")
    words = [
        "inf",
        "-inf",
        "Infinity",
        "+inf",
        "1e999",
        "-1e999",
        "NAN",
        "0x10",
        "0b1",
        "1_500",
        "\uff11\uff15\uff10\uff10",
        "\u0663",
        "1500f",
        "$1500",
        "1500sqft",
        "1e",
        "1.2.3",
        "--",
        "=1+1",
        "+cmd",
        "-x",
        "@x",
        "'1500",
        "true",
        "false",
        "True",
        "none",
        "\xbd",
        "\u4e8c",
        "1\xa0500",
        "1\u200b500",
        "1 500",
        "9" * 400,
        "1,500",
        "1500\n",
        "1500\n3",
        "\ufeff1500",
        "=HYPERLINK(1)",
    ]
    fine = {"1500\n"}  # spaces round a number are nothing
    for cell in (*nulls, *numbers, *words):
        quoted = '"' + cell.replace('"', '""') + '"'
        error = "null" if cell in nulls else None if cell in numbers or cell in fine else "wrong_type"
        name = shorten_value(cell).replace("\n", "LF")
        yield Case(
            f"cell-number-{name}",
            f"AreaSqft,NumBedrooms\n1500,3\n{quoted},3\n".encode(),
            INVALID if error else OK,
            content_type=CSV,
            errors=[("/1/AreaSqft", error)] if error else None,
        )
        error = None if error == "null" else error
        yield Case(
            f"cell-nullable-number-{name}",
            csv_row("mixed", _1=quoted).encode(),
            INVALID if error else OK,
            "mixed",
            CSV,
            errors=[("/0/year ~0 built", error)] if error else None,
        )
    for cell in ("true", "false", "True", "FALSE", " true "):
        yield Case(f"cell-boolean-{cell}", csv_row("mixed", _2=cell).encode(), OK, "mixed", CSV)
    for cell in ("1", "0", "yes", "t", "wahr", "1.0", "truefalse", "", "NA"):
        errors = [("/0/balcony", "null" if cell in nulls else "wrong_type")]
        yield Case(f"cell-boolean-{cell}", csv_row("mixed", _2=cell).encode(), INVALID, "mixed", CSV, errors)
    for cell in ("", "NA", "None", "=1+1", "\0", "+x", "a\u2028b", '"a\nb"', '"a,b"', '"a""b"', "5", "true"):
        name = shorten_value(cell).replace("\n", "LF").replace("\0", "NUL")
        yield Case(f"cell-nullable-text-{name}", csv_row("mixed", _3=cell).encode(), OK, "mixed", CSV)
    yield Case("cell-text-empty", csv_row("mixed", _4="").encode(), INVALID, "mixed", CSV, [("/0/🏠", "null")])
    yield Case(
        "cell-picky-unseen", b"size,colour\n2,red\n2,green\n", INVALID, "picky", CSV, [("/1/colour", "unseen_category")]
    )
    yield Case(
        "cell-picky-overflow", b"size,colour\n2,red\n1.7e308,red\n", INVALID, "picky", CSV, [("/1", "not_finite")]
    )
    yield Case("cell-past-float32", b"AreaSqft,NumBedrooms\n1e308,3\n", INVALID, content_type=CSV)
    reserved = [("/probability_setosa", "reserved_column")]
    names = ",".join(field.header for field in FIELDS["iris"])
    yield Case(
        "csv-reserved-probability", f"{names},probability_setosa\n1,1,1,1,1\n".encode(), INVALID, "iris", CSV, reserved
    )
