// A table of one's own

const MOST_BYTES = 6 * 1024 * 1024; // what Lambda takes in one call
const PREVIEWED = 10;
const MOST_ERRORS = 20;

let download = "";

/** The rows of an answer (RFC 4180, in the separator of the file that was sent), its header first. */
function parseCsv(text) {
  const declared = /^sep=(.)\r?\n/.exec(text);
  if (declared) return rowsOf(text.slice(declared[0].length), declared[1]);
  const headers = [",", ";", "\t"].map((separator) => [separator, rowsOf(text, separator, 1)[0] ?? []]);
  const found = headers.find(([, header]) => manifest.features.every(({ name }) => header.includes(visibleCell(name))));
  return rowsOf(text, found?.[0] ?? ",");
}

/** A name as the answer has it: a quote before it keeps a spreadsheet from running it. */
function visibleCell(name) {
  return /^[=+\-@\t\r]/.test(name) && !Number.isFinite(Number(name)) ? `'${name}` : name;
}

/** The first `most` rows; a cell in quotes may hold separators, line ends and doubled quotes. */
function rowsOf(text, separator, most = Infinity) {
  const rows = [[]];
  const mark = separator === "|" ? "\\|" : separator;
  const cells = new RegExp(`("(?:[^"]|"")*"|[^${mark}\r\n]*)(${mark}|\r?\n|\r|$)`, "g");
  for (let found; (found = cells.exec(text)); ) {
    const [, cell, end] = found;
    rows.at(-1).push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (cells.lastIndex >= text.length && end !== separator) break;
    if (end !== separator && rows.length === most) break;
    if (end !== separator) rows.push([]);
  }
  return rows.filter((row) => row.length > 1 || row[0]);
}

async function scoreFile(file) {
  if (!file || waiting) return;
  waiting = true;
  byId("csv-answer").replaceChildren();
  byId("csv-problem").replaceChildren();
  byId("csv-state").textContent = `Scoring ${file.name}…`;
  try {
    if (file.size > MOST_BYTES) {
      throw new Failure(`${file.name} is larger than 6 MB: put it into the input bucket, or send it in parts.`);
    }
    const headers = { "content-type": "text/csv" };
    const text = await askText("predict", { method: "POST", headers, body: await file.arrayBuffer() });
    const [header, ...rows] = parseCsv(text);
    byId("csv-state").textContent = `${counted(rows.length, "row")} scored.`;
    showTable(file.name, text, header, rows);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    byId("csv-state").textContent = "";
    showTableFailure(error);
  } finally {
    waiting = false;
    byId("csv").value = ""; // the same file may be chosen again once it is corrected
  }
}

function showTable(name, text, header, rows) {
  URL.revokeObjectURL(download);
  download = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const saved = `${name.replace(/(\.csv)?(\.gz)?$/i, "")}-predictions.csv`;
  const link = make("a", { href: download, download: saved, className: "button" }, `Download ${saved}`);
  const shown = rows.slice(0, PREVIEWED);
  const caption = rows.length > shown.length ? `The first ${shown.length} of ${rows.length} rows` : "The rows";
  const head = make("tr", {}, ...header.map((cell) => make("th", { scope: "col" }, visible(cell))));
  const lines = shown.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))));
  const body = [make("thead", {}, head), make("tbody", {}, ...lines)];
  const preview = make("div", { className: "scrolled", tabIndex: 0 }, make("table", {}, make("caption", {}, caption), ...body));
  preview.setAttribute("role", "region");
  preview.setAttribute("aria-label", "Preview");
  const parts = [make("p", { className: "buttons" }, link), preview];
  let place = header.indexOf(manifest.output_columns.values[0]);
  for (const target of rows.length ? manifest.targets : []) {
    const column = place;
    parts.push(chart(target, rows.map((row) => row[column])));
    place += 1 + (target.scores === "score" ? 1 : target.scores ? target.classes.length : 0);
  }
  byId("csv-answer").replaceChildren(...parts);
}

function showTableFailure({ message, errors }) {
  const place = (pointer) => {
    const [, first, column] = pointer.split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (/^\d+$/.test(first) && column !== undefined) return `row ${Number(first) + 1}, ${visible(column)}`;
    return /^\d+$/.test(first) ? `row ${Number(first) + 1}` : visible(first ?? "the file");
  };
  const items = errors.slice(0, MOST_ERRORS).map(({ pointer, detail }) => make("li", {}, `${place(pointer)}: ${detail}`));
  const left = errors.length - items.length;
  if (left > 0) items.push(make("li", {}, `and ${left} more`));
  const heading = errors.length ? `Nothing was predicted: ${counted(errors.length, "fault")} in the file.` : message;
  byId("csv-problem").replaceChildren(make("div", {}, heading, ...(items.length ? [make("ul", {}, ...items)] : [])));
}

function listenForFiles() {
  const place = byId("drop");
  byId("csv").addEventListener("change", ({ target }) => scoreFile(target.files[0]));
  for (const kind of ["dragenter", "dragover"]) {
    place.addEventListener(kind, (event) => {
      event.preventDefault();
      place.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) place.addEventListener(kind, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    scoreFile(event.dataTransfer.files[0]);
  });
  scoreFile(byId("csv").files[0]); // a file that was chosen while the model was loading
}
