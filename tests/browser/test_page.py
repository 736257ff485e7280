"""What people do with the page, in a browser. Touches Chromium and loopback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Picture
from tests.chromium import Open, violations
from tests.emulator import REPOSITORY

HOUSES = REPOSITORY / "training" / "data" / "houses.csv"


def predict(page: Page) -> None:
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer .value")).to_be_visible()


def fits(page: Page) -> bool:
    """Whether nothing stands out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_form_is_filled_with_the_example_and_predicts(
    addresses: dict[str, str], open_page: Open, picture: Picture
) -> None:
    page = open_page(addresses["houses"])
    example = requests.get(f"{addresses['houses']}/model", timeout=30).json()["examples"][0]["input"]
    expect(page.get_by_label("AreaSqft")).to_have_value(str(example["AreaSqft"]))
    expect(page.locator(".field").first).to_contain_text("In training: 1000 to 2000.")
    page.get_by_label("AreaSqft").fill("1500")
    page.get_by_label("NumBedrooms").fill("3")
    assert violations(page) == []
    predict(page)
    expect(page.locator("#answer")).to_contain_text("360,000 USD")
    assert violations(page) == []
    picture(page, "page-light")


def test_wrong_value_is_named_at_its_field(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["houses"])
    page.get_by_label("AreaSqft").fill("")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".field").first).to_contain_text("Error: missing: expected a number.")
    expect(page.get_by_label("AreaSqft")).to_be_focused()
    expect(page.get_by_label("AreaSqft")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#problem")).to_contain_text("1 value to correct")
    assert violations(page) == []
    page.get_by_label("AreaSqft").fill("1500")
    predict(page)
    expect(page.locator("#problem")).to_be_empty()


def test_value_that_training_never_saw_is_warned_of_at_its_field(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["houses"])
    page.get_by_label("AreaSqft").fill("9000")
    predict(page)
    expect(page.locator(".field").first).to_contain_text("Warning: above 2000, the largest value in training.")
    expect(page.locator(".field").last).not_to_contain_text("Warning")
    expect(page.locator("#answer")).to_contain_text("1 warning")
    assert violations(page) == []


def test_classifier_shows_its_probabilities(addresses: dict[str, str], open_page: Open, picture: Picture) -> None:
    page = open_page(addresses["iris"])
    predict(page)
    bars = page.get_by_role("list", name="Probabilities").get_by_role("listitem")
    expect(bars).to_have_count(3)
    assert page.locator("#answer .value").inner_text() == bars.first.locator("span").first.inner_text()
    assert violations(page) == []
    picture(page, "page-classifier")


def test_mixed_types_get_numbers_selects_and_checkboxes(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["mixed"])
    page.get_by_label("balcony").check()
    page.get_by_label("🏠").select_option("house")
    page.get_by_label("year ~ built").fill("")
    page.get_by_label('heating "type"').select_option(index=0)
    predict(page)
    expect(page.locator("#answer")).to_contain_text("€")
    assert violations(page) == []


@pytest.mark.parametrize("name", ["houses", "mixed"])
def test_shown_program_and_command_print_the_prediction(
    name: str, addresses: dict[str, str], open_page: Open, tmp_path: Path
) -> None:
    page = open_page(addresses[name])
    predict(page)
    program = [sys.executable, "-c", page.locator("#python").inner_text()]
    by_python = subprocess.run(program, capture_output=True, text=True, check=True, timeout=30).stdout
    command = ["bash", "-c", page.locator("#curl").inner_text() + " --silent"]
    by_curl = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert by_python.strip() == str(json.loads(by_curl))
    assert "prediction" in by_curl


def test_copy_button_says_what_it_did(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["houses"], permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the program").click()
    expect(page.locator("#python-copied")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#python").inner_text()


def test_table_is_scored_shown_drawn_and_downloaded(
    addresses: dict[str, str], open_page: Open, picture: Picture
) -> None:
    page = open_page(addresses["houses"])
    page.locator("#csv").set_input_files(HOUSES)
    expect(page.locator("#csv-state")).to_have_text("5 rows scored.")
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("row")).to_have_count(6)
    expect(preview).to_contain_text("360000.0")
    expect(page.get_by_role("list", name="Rows by Price").get_by_role("listitem")).to_have_count(12)
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download houses-predictions.csv").click()
    headers = {"content-type": "text/csv"}
    answer = requests.post(f"{addresses['houses']}/predict", data=HOUSES.read_bytes(), headers=headers, timeout=30)
    assert Path(download.value.path()).read_bytes() == answer.content
    page.evaluate("document.getElementById('table').scrollIntoView()")
    picture(page, "page-table")


def test_file_that_is_dropped_is_scored(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["iris"])
    header = [feature["name"] for feature in requests.get(f"{addresses['iris']}/model", timeout=30).json()["features"]]
    text = ",".join(f'"{name}"' for name in header) + "\n" + "5,3,1,0.2\n" * 30
    transfer = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'a.csv')); return data; }", text
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.locator("#csv-state")).to_have_text("30 rows scored.")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("The first 10 of 30 rows")
    expect(page.get_by_role("list", name="Rows by species").get_by_role("listitem")).to_have_count(1)


def test_table_of_another_separator_is_shown_in_columns(
    addresses: dict[str, str], open_page: Open, tmp_path: Path
) -> None:
    file = tmp_path / "houses.csv"
    file.write_text("sep=;\nAreaSqft;NumBedrooms;\n1500,0;3;\n", encoding="utf-16")
    page = open_page(addresses["houses"])
    page.locator("#csv").set_input_files(file)
    expect(page.locator("#csv-state")).to_have_text("1 row scored.")
    cells = page.get_by_role("region", name="Preview").get_by_role("cell")
    expect(cells).to_have_text(["1500,0", "3", "", "360000.0", ""])


def test_faults_of_a_table_are_listed_by_row_and_column(
    addresses: dict[str, str], open_page: Open, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("AreaSqft,NumBedrooms\n1500,3\nbig,\n")
    page = open_page(addresses["houses"])
    page.locator("#csv").set_input_files(wrong)
    expect(page.locator("#csv-problem")).to_contain_text("2 faults in the file")
    expect(page.locator("#csv-problem")).to_contain_text("row 2, AreaSqft: expected a number, got a text")
    assert violations(page) == []


def test_file_that_is_chosen_while_the_model_loads_is_scored(
    addresses: dict[str, str], open_page: Open, tmp_path: Path
) -> None:
    page = open_page("about:blank")
    table = tmp_path / "houses.csv"
    table.write_text("AreaSqft,NumBedrooms\n1500,3\n")

    def choose_file_first(route: Route) -> None:
        page.locator("#csv").set_input_files(table)
        route.continue_()

    page.route("**/model", choose_file_first)
    page.goto(addresses["houses"])
    expect(page.locator("#csv-state")).to_contain_text("1 row scored")


def test_page_is_dark_where_that_is_wanted(addresses: dict[str, str], open_page: Open, picture: Picture) -> None:
    page = open_page(addresses["houses"], color_scheme="dark")
    page.get_by_label("AreaSqft").fill("9000")
    predict(page)
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert max(red, green, blue) < 60
    page.locator("#csv").set_input_files(HOUSES)
    expect(page.get_by_role("region", name="Preview")).to_be_visible()
    assert violations(page) == []
    picture(page, "page-dark")


@pytest.mark.parametrize("name", ["houses", "iris", "mixed"])
def test_page_fits_a_phone(name: str, addresses: dict[str, str], open_page: Open, picture: Picture) -> None:
    page = open_page(addresses[name], viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    predict(page)
    if name == "houses":
        page.locator("#csv").set_input_files(HOUSES)
        expect(page.get_by_role("region", name="Preview")).to_be_visible()
        picture(page, "page-phone")
    assert fits(page)
    assert violations(page) == []


def test_keyboard_alone_is_enough(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["houses"])
    expect(page.get_by_label("AreaSqft")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_label("AreaSqft")).to_be_focused()
    page.keyboard.type("1500")
    page.keyboard.press("Enter")
    expect(page.locator("#answer .value")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "csv":
            return
    pytest.fail("the choice of a file cannot be reached")


@pytest.mark.parametrize("slash", ["", "/"])
def test_page_works_below_a_stage(slash: str, below_a_stage: str, open_page: Open) -> None:
    page = open_page(below_a_stage + slash)
    predict(page)
    page.locator("#csv").set_input_files(HOUSES)
    expect(page.locator("#csv-state")).to_have_text("5 rows scored.")
    page.get_by_role("link", name="its documentation").click()
    expect(page.get_by_text("/predict").first).to_be_visible()


def test_card_names_features_data_and_libraries(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["iris"])
    manifest = requests.get(f"{addresses['iris']}/model", timeout=30).json()
    for text in (manifest["training"]["sha256"], manifest["environment"]["scikit-learn"], "accuracy", "0.1 to 2.5"):
        expect(page.locator("#card")).to_contain_text(text)


def test_documentation_asks_no_other_host(addresses: dict[str, str], open_page: Open) -> None:
    asked: list[str] = []
    page = open_page("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{addresses['houses']}/docs")
    expect(page.get_by_role("heading", name="house-prices")).to_be_visible()
    expect(page.get_by_text("/v2/models/house-prices/infer", exact=True)).to_be_visible()
    assert asked
    assert [url for url in asked if not url.startswith((addresses["houses"], "data:"))] == []


def test_a_model_that_is_worth_nothing_says_so_and_shows_no_text_of_training(
    addresses: dict[str, str], open_page: Open
) -> None:
    page = open_page(addresses["reviews"])
    expect(page.get_by_label("Cautions")).to_contain_text("always predicts the most common class")
    review = page.get_by_label("review")
    expect(review).to_have_js_property("tagName", "TEXTAREA")
    assert "says number" not in page.content()
    review.fill("")  # an empty text is a text
    predict(page)
    expect(page.locator("#answer")).not_to_contain_text("training")
    review.fill("good house\nwith a garden")
    predict(page)
    assert violations(page) == []
    table = b"review,prediction\ngood,1\nbad,2\n"
    page.get_by_label("Drop a CSV here").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": table})
    expect(page.locator("#csv-answer th").nth(2)).to_have_text("model_prediction")
    expect(page.locator("#csv-answer svg, #csv-answer .bars, #csv-answer figure").first).to_be_visible()


def test_a_model_that_is_worth_something_has_no_cautions(addresses: dict[str, str], open_page: Open) -> None:
    page = open_page(addresses["iris"])
    expect(page.get_by_label("sepal length (cm)")).to_be_visible()
    expect(page.locator("#cautions")).to_be_hidden()
