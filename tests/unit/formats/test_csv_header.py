"""Whether a first line is a header where nobody says so: no row is lost, none is made of names. Touches nothing."""

import json

import pytest

from function.errors import InvalidInput
from function.formats.csv_header import is_header
from function.model.contract import BOOLEAN, NUMBER, STRING, Contract, Feature
from function.web.request_response import Response
from tests.unit.small_models import regressor
from tests.unit.web.test_protocols import ask

HOUSE = (Feature("AreaSqft", NUMBER), Feature("NumBedrooms", NUMBER, True))
NUMBERED = (Feature("0", NUMBER), Feature("1", NUMBER))
WORDS = (Feature("city", STRING, categories=("Rome", "Oslo")), Feature("kind", STRING))
NUMBERED_WORDS = (Feature("0", STRING, categories=("a", "b")), Feature("1", STRING))
MIXED = (Feature("size", NUMBER), Feature("lift", BOOLEAN), Feature("city", STRING, categories=("city", "Rome")))


@pytest.mark.parametrize("has_more", [True, False])
@pytest.mark.parametrize(
    ("features", "line", "expected"),
    [
        (HOUSE, "AreaSqft,NumBedrooms", True),
        (HOUSE, "NumBedrooms,AreaSqft", True),
        (HOUSE, "Price,NumBedrooms,AreaSqft", True),
        (HOUSE, ",AreaSqft,NumBedrooms", True),
        (HOUSE, "7,AreaSqft,NumBedrooms", True),
        (HOUSE, "AreaSqft,AreaSqft,NumBedrooms", True),
        (HOUSE, "1500,3", False),
        (HOUSE, "1500,", False),
        (HOUSE, "1500,NA", False),
        (HOUSE, "1500", False),
        (HOUSE, "1500,3,7", False),
        (HOUSE, "area,rooms", False),
        (HOUSE, "", False),
        (NUMBERED, "0,1,y", True),
        (NUMBERED, "y,0,1", True),
        (NUMBERED, "0,5", False),
        (NUMBERED, "5,0", False),
        (NUMBERED, "1,x", False),
        (NUMBERED, "0", False),
        (NUMBERED, "0,5,7", False),
        (WORDS, "city,kind", True),
        (WORDS, "kind,city", True),
        (WORDS, "id,kind,city", True),
        (WORDS, "Rome,flat", False),
        (WORDS, "Paris,house", False),
        (NUMBERED_WORDS, "a,b", False),
        (NUMBERED_WORDS, "0,b", False),
        (MIXED, "size,lift,city", True),
        (MIXED, "1,true,city", False),
        (MIXED, "1,TRUE,Oslo", False),
    ],
)
def test_line_is_a_header_or_a_row(features: tuple[Feature, ...], line: str, expected: bool, has_more: bool) -> None:
    assert is_header(Contract(features), line.split(","), has_more=has_more) is expected


@pytest.mark.parametrize(
    ("features", "line"),
    [
        (HOUSE, "AreaSqft,Bedrooms"),
        (HOUSE, "AreaSqft,3"),
        (HOUSE, "AreaSqft"),
        (HOUSE, "AreaSqft,5,6"),
        (WORDS, "city,sort"),
        (MIXED, "size,elevator,city"),
    ],
)
def test_line_with_a_part_of_the_names_is_refused(features: tuple[Feature, ...], line: str) -> None:
    for has_more in (True, False):
        with pytest.raises(InvalidInput, match=r"header=present, or text/csv; header=absent"):
            is_header(Contract(features), line.split(","), has_more=has_more)


@pytest.mark.parametrize(
    ("features", "line"), [(NUMBERED, "0,1"), (NUMBERED, "1,0"), (NUMBERED, "0,1,7"), (NUMBERED_WORDS, "0,1")]
)
def test_line_that_may_be_both_is_a_row_where_it_stands_alone_and_is_refused_else(
    features: tuple[Feature, ...], line: str
) -> None:
    assert is_header(Contract(features), line.split(","), has_more=False) is False
    with pytest.raises(InvalidInput, match="can be a header and can be a row"):
        is_header(Contract(features), line.split(","), has_more=True)


def make_numbered(body: str, header: str = "", path: str = "/invocations") -> Response:
    return ask(regressor(NUMBERED), path, body.encode(), content_type=f"text/csv{header}")


def predictions(response: Response) -> list[float]:
    assert response.status == 200, response.body
    found: list[float] = json.loads(response.body)["predictions"]
    return found


def test_no_row_is_lost_where_names_look_like_numbers() -> None:
    assert predictions(make_numbered("0,1\n")) == [0.0]
    assert predictions(make_numbered("7,1\n0,1\n")) == [7.0, 0.0]
    assert predictions(make_numbered("0,1\n7,2\n", "; header=absent")) == [0.0, 7.0]
    assert predictions(make_numbered("0,1\n7,2\n", "; charset=utf-8; Header=Present")) == [7.0]
    assert predictions(make_numbered("0,1,y\n7,2,3\n")) == [7.0]
    refused = make_numbered("0,1\n7,2\n")
    assert (refused.status, json.loads(refused.body)["errors"][0]["code"]) == (422, "unclear_header")


def test_header_that_is_neither_present_nor_absent_is_refused() -> None:
    assert make_numbered("0,1\n", "; header=maybe").status == 415
    assert make_numbered("0,1\n", "; x-header=absent").status == 200


def test_prediction_route_needs_the_header_line() -> None:
    assert make_numbered("0,1\n7,2\n", "; header=absent", "/predict").status == 415
    assert make_numbered("0,1\n7,2\n", "; header=present", "/predict").status == 200
