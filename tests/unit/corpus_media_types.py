"""Good and bad bodies under content types, charsets and encodings that are read, and that are not."""

import gzip
from collections.abc import Iterator

from tests.unit.corpus_case import JSON, MALFORMED, MEDIA_TYPE, OK, Case, record


def media_types() -> Iterator[Case]:
    """Content types, charsets and encodings, that are read and that are not."""
    good = record("houses").encode()
    table = b"AreaSqft,NumBedrooms\n1500,3\n"
    read_as_json = (
        None,
        "",
        JSON,
        "APPLICATION/JSON",
        " application/json ",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json; charset=us-ascii",
        "application/json; charset=utf8; profile=x",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/plain; charset=utf-8",
        "application/json;",
    )
    refused = (
        "application/xml",
        "text/xml",
        "text/html",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/jsonx",
        "application/x-ndjson",
        "application/json, text/csv",
        "application/msgpack",
        "application/zip",
        "application/gzip",
        "application/vnd.ms-excel",
        "application/vnd.apache.parquet",
        "text/tab-separated-values",
        "text/json",
        "image/png",
        "json",
        "*/*",
        "/",
        ";",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-7",
        'text/plain; charset="windows-1252"',
        "text/csv; charset=latin1",
        "text/csv; header=present; charset=utf-16le",
    )
    for media_type in read_as_json:
        yield Case(f"type-{media_type}", good, OK, content_type=media_type)
        yield Case(f"type-{media_type}-garbage", b"{", MALFORMED, content_type=media_type)
        yield Case(f"type-{media_type}-csv-body", table, MALFORMED, content_type=media_type)
        yield Case(f"type-{media_type}-empty", b"", MALFORMED, content_type=media_type)
    for media_type in refused:
        if media_type != ";":
            yield Case(f"type-{media_type}", good, MEDIA_TYPE, content_type=media_type)
            yield Case(f"type-{media_type}-garbage", b"\xff\0", MEDIA_TYPE, content_type=media_type)
    for media_type in ("text/csv", "TEXT/CSV", "text/csv; header=present", "text/csv;charset=utf-8"):
        yield Case(f"type-{media_type}", table, OK, content_type=media_type)
        yield Case(f"type-{media_type}-empty", b"", MALFORMED, content_type=media_type)
    for encoding in ("gzip", "GZIP", "deflate", "br", "zstd", "gzip, identity", "x-gzip", "aws-chunked"):
        for name, body in (("plain", good), ("compressed", gzip.compress(good)), ("bomb", gzip.compress(bytes(10**6)))):
            headers = {"content-encoding": encoding}
            yield Case(f"encoding-{encoding}-{name}", body, MEDIA_TYPE, headers=headers)
    yield Case("encoding-identity", good, OK, headers={"content-encoding": "identity"})
    yield Case("encoding-Identity", good, OK, headers={"content-encoding": "Identity"})
    yield Case("gzip-without-a-header", gzip.compress(good), MALFORMED)
    part = b'--x\r\ncontent-disposition: form-data; name="AreaSqft"\r\n\r\n1500\r\n--x--\r\n'
    yield Case("multipart-body", part, MEDIA_TYPE, content_type="multipart/form-data; boundary=x")
    yield Case("multipart-as-json", part, MALFORMED)
    yield Case(
        "xml-as-json",
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r>&e;</r>',
        MALFORMED,
    )
    yield Case("png-as-json", b"\x89PNG\r\n\x1a\n", MALFORMED)
    yield Case("pickle-as-json", b"\x80\x04cos\nsystem\n", MALFORMED)
