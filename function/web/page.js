// Works below any stage prefix, and at the prefix without its slash.
const BASE = location.origin + location.pathname.replace(/\/?$/, "/");
const TIMEOUT = 40_000; // longer than API Gateway waits
const MOST_BARS = 12;

const byId = (id) => document.getElementById(id);
const exact = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 15, useGrouping: "min2" });
const wide = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const fine = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const tiny = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6, notation: "scientific" });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 2 });

let manifest;
let fields = [];
let nextExample = 0;
let waiting = false;

/** An element; text among the children stays text, whatever is in it. */
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A name as people can see it: quoted where it is blank. */
const visible = (name) => (name.trim() ? name : `“${name}”`);

function formatted(number) {
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return tiny.format(number);
  return (size >= 1000 ? wide : fine).format(number);
}

function share(probability) {
  if (probability > 0 && probability < 0.0001) return `< ${percent.format(0.0001)}`;
  if (probability > 0.9999 && probability < 1) return `> ${percent.format(0.9999)}`;
  return percent.format(probability);
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// Asking the API

class Failure extends Error {
  constructor(message, errors = []) {
    super(message);
    this.errors = errors;
  }
}

async function ask(path, options) {
  let response, text;
  try {
    response = await fetch(BASE + path, { ...options, signal: AbortSignal.timeout(TIMEOUT) });
    text = await response.text();
  } catch (error) {
    throw new Failure(
      error.name === "TimeoutError"
        ? `The API gave no answer within ${TIMEOUT / 1000} seconds. Try again.`
        : "The API cannot be reached. Check the connection, and that the server is running; then try again.",
    );
  }
  const body = parsed(text);
  if (response.ok && body) return body;
  throw new Failure(sentence(response.status, body), Array.isArray(body?.errors) ? body.errors : []);
}

function parsed(text) {
  try {
    const body = JSON.parse(text);
    return typeof body === "object" ? body : null;
  } catch {
    return null;
  }
}

function sentence(status, body) {
  if (body?.detail) return String(body.detail);
  if (body?.request_id) return `The function failed. Its log says why, under the request id ${body.request_id}.`;
  if (status < 300) return "The answer is no JSON object: something other than the API answers at this address.";
  if (status === 401 || status === 403) return `Access is refused (status ${status}): the API asks for credentials.`;
  if (status === 429) return "Too many requests at once (status 429). Try again in a moment.";
  if (status >= 502) return `The function did not answer in time (status ${status}). Try again in a moment.`;
  return `The API answered with status ${status}${body?.message ? `: ${body.message}` : "."}`;
}

// The form

/** How a feature is entered: its element, `read` (undefined where nothing usable is entered) and `write`. */
function control(feature) {
  const empty = feature.nullable ? null : undefined;
  if (feature.type === "boolean" && !feature.nullable) {
    const element = make("input", { type: "checkbox" });
    return { element, read: () => element.checked, write: (value) => (element.checked = value === true) };
  }
  if (feature.type === "boolean") return choice([true, false], feature);
  if (feature.type === "string" && feature.categories) return choice(feature.categories, feature);
  const element = feature.type === "number" ? numberInput(feature) : textInput(feature);
  const read = () => {
    if (element.validity.badInput) return undefined;
    if (element.value === "") return empty;
    if (feature.type === "string") return element.value;
    return Number.isFinite(element.valueAsNumber) ? element.valueAsNumber : undefined;
  };
  return { element, read, write: (value) => (element.value = value ?? "") };
}

function choice(choices, feature) {
  const values = feature.nullable ? [null, ...choices] : choices;
  const option = (value) => new Option(value === null ? "– (null)" : visible(String(value)));
  const element = make("select", {}, ...values.map(option));
  const write = (value) => (element.selectedIndex = values.indexOf(value));
  return { element, read: () => values[element.selectedIndex], write };
}

function numberInput(feature) {
  const element = make("input", { type: "number", step: feature.integer ? "1" : "any" });
  // Decimal keypads of phones have no minus.
  if (!(feature.minimum < 0)) element.inputMode = "decimal";
  return element;
}

function textInput(feature) {
  const isLong = manifest.examples.some(({ input }) => /\n|.{60}/.test(input[feature.name] ?? ""));
  return isLong ? make("textarea") : make("input", { type: "text" });
}

function seen(feature) {
  if (feature.categories) return feature.categories.map(visible).join(", ");
  if (feature.minimum == null || feature.maximum == null) return feature.type === "boolean" ? "true, false" : "";
  return `${exact.format(feature.minimum)} to ${exact.format(feature.maximum)}`;
}

function hint(feature) {
  const parts = [];
  if (feature.type === "number" && seen(feature)) parts.push(`In training: ${seen(feature)}.`);
  if (feature.nullable && feature.type !== "boolean" && !feature.categories) parts.push("May be left empty.");
  return parts.join(" ");
}

function field(feature, index) {
  const { element, read, write } = control(feature);
  element.id = `field-${index}`;
  const description = make("p", { id: `${element.id}-hint`, className: "hint", textContent: hint(feature) });
  const note = make("p", { id: `${element.id}-note` });
  element.setAttribute("aria-describedby", `${description.id} ${note.id}`);
  const label = make("label", { htmlFor: element.id }, visible(feature.name));
  const box = make("div", { className: "field" });
  if (element.type === "checkbox") {
    label.className = "check";
    label.prepend(element);
    box.append(label, description, note);
  } else {
    box.append(label, element, description, note);
  }
  const show = (kind, text) => {
    note.className = `note ${kind}`;
    note.textContent = text;
    // Said outright: a browser calls 1500.5 invalid where steps are whole, and the model does not.
    element.setAttribute("aria-invalid", String(kind === "error"));
  };
  show("", "");
  element.addEventListener("input", () => show("", ""));
  return { name: feature.name, element, box, read, write, show };
}

/** The record in the form; what is left out of it the API names as missing. */
function record() {
  const values = Object.create(null);
  for (const { name, read } of fields) {
    const value = read();
    if (value !== undefined) values[name] = value;
  }
  return JSON.stringify(values);
}

function fillExample() {
  const { input } = manifest.examples[nextExample];
  nextExample = (nextExample + 1) % manifest.examples.length;
  for (const { name, write, show } of fields) {
    write(Object.hasOwn(input, name) ? input[name] : null);
    show("", "");
  }
  changed();
}

function changed() {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  byId("curl").textContent =
    `curl ${quoted(`${BASE}predict`)} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(record())}`;
  byId("copied").textContent = "";
  byId("stale").hidden = !byId("answer").querySelector(".value");
}

// The prediction

async function predict(event) {
  event.preventDefault();
  if (waiting) return;
  wait(true);
  try {
    const sent = record();
    const headers = { "content-type": "application/json" };
    const answer = await ask("predict", { method: "POST", headers, body: sent });
    showAnswer(answer);
    byId("stale").hidden = sent === record();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    byId("answer").replaceChildren(make("p", { className: "quiet" }, "No prediction."));
    showFailure(error);
  } finally {
    wait(false);
  }
}

function wait(isWaiting) {
  waiting = isWaiting;
  byId("predict").setAttribute("aria-disabled", String(isWaiting));
  if (!isWaiting) return;
  for (const { show } of fields) show("", "");
  byId("problem").replaceChildren();
  byId("probabilities").replaceChildren();
  byId("stale").hidden = true;
  byId("answer").replaceChildren(make("p", { className: "quiet" }, "Predicting…"));
}

function showAnswer({ prediction, probabilities, warnings }) {
  const [{ name, unit }] = manifest.targets;
  const isNumber = manifest.task === "regression";
  const value = make("p", { className: "value" }, isNumber ? formatted(prediction) : visible(String(prediction)));
  if (unit) value.append(" ", make("span", { className: "unit" }, unit));
  const parts = [make("p", { className: "quiet" }, name), value];
  if (warnings.length) parts.push(...showWarnings(warnings));
  byId("answer").replaceChildren(...parts);
  if (probabilities) byId("probabilities").replaceChildren(...bars(probabilities, prediction));
}

function showWarnings(warnings) {
  const list = warnings.map(({ feature, detail }) => {
    const concerned = fields.find(({ name }) => name === feature);
    concerned?.show("warning", `Warning: ${detail}.`);
    return make("li", {}, make("a", { href: `#${concerned?.element.id}` }, visible(feature)), `: ${detail}`);
  });
  const many = counted(warnings.length, "warning");
  const heading = `${many}: the model may be wrong about values that training did not have.`;
  return [make("p", { className: "warning" }, heading), make("ul", {}, ...list)];
}

function bars(probabilities, prediction) {
  // JSON has 1.0 as a key where the label is the number 1.
  const isChosen = (key) => (typeof prediction === "number" ? Number(key) === prediction : key === String(prediction));
  const sorted = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
  const items = sorted.slice(0, MOST_BARS).map(([key, probability]) => {
    const filled = make("span");
    filled.style.width = `${100 * probability}%`;
    const track = make("span", { className: "track" }, filled);
    track.setAttribute("aria-hidden", "true");
    return make(
      "li",
      {},
      make("span", { className: isChosen(key) ? "chosen" : "" }, visible(key)),
      track,
      make("span", { className: "share" }, share(probability)),
    );
  });
  const list = make("ul", { className: "bars" }, ...items);
  list.setAttribute("role", "list"); // Safari drops it with the bullets
  list.setAttribute("aria-label", "Probabilities");
  const left = sorted.length - items.length;
  return left > 0 ? [list, make("p", { className: "quiet" }, `and ${left} less likely`)] : [list];
}

function showFailure({ message, errors }) {
  const others = [];
  for (const { pointer, detail } of errors) {
    const name = pointer.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
    const concerned = pointer && fields.find((candidate) => candidate.name === name);
    if (!concerned) others.push(make("li", {}, pointer ? `${pointer}: ${detail}` : detail));
    else concerned.show("error", `Error: ${concerned.element.validity.badInput ? "not a number" : detail}.`);
  }
  const marked = fields.filter(({ element }) => element.getAttribute("aria-invalid") === "true");
  const toCorrect = `Nothing was predicted: ${counted(marked.length, "value")} to correct, marked in the form.`;
  const parts = others.length ? [make("ul", {}, ...others)] : [];
  byId("problem").replaceChildren(make("div", {}, marked.length ? toCorrect : message, ...parts));
  marked[0]?.element.focus();
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("curl").textContent);
    byId("copied").textContent = "Copied.";
  } catch {
    // The clipboard is closed to pages that do not come by HTTPS.
    getSelection().selectAllChildren(byId("curl"));
    byId("copied").textContent = "Selected: copy it with the keyboard.";
  }
}

// The model card

function table(caption, rows, header) {
  const element = make("table", {}, make("caption", {}, caption));
  const columns = header?.map((text) => make("th", { scope: "col" }, text));
  if (columns) element.append(make("thead", {}, make("tr", {}, ...columns)));
  const lines = rows.map(([first, ...others]) =>
    make("tr", {}, make("th", { scope: "row" }, visible(first)), ...others.map((text) => cell(text))),
  );
  element.append(make("tbody", {}, ...lines));
  return element;
}

function cell(text) {
  return make("td", { className: /^[0-9a-f]{40,}$/.test(text) ? "digest" : "" }, text);
}

/** Whatever the manifest holds under a key, as rows of name and text. */
function rows(value, name) {
  const shown = (item) => (typeof item === "number" ? exact.format(item) : String(item));
  const isPlain = (item) => typeof item !== "object";
  if (value === null || value === undefined) return [];
  if (isPlain(value)) return [[name, shown(value)]];
  if (Array.isArray(value) && value.every(isPlain)) return [[name, value.map(shown).join(", ")]];
  return Object.entries(value).flatMap(([key, item]) => rows(item, name ? `${name}: ${key}` : key));
}

function showCard() {
  const { name, version, task, targets, features, metrics, training, environment, artifacts } = manifest;
  const [{ name: target, unit, classes }] = targets;
  const featureRow = (feature) => [
    feature.name,
    feature.type + (feature.nullable ? " or null" : ""),
    seen(feature) || "not listed",
  ];
  byId("tables").replaceChildren(
    table("Model", [
      ["name", name],
      ["version", version],
      ["task", task],
      ["target", target],
      ...rows(unit, "unit"),
      ...(classes ? [["classes", classes.map((label) => visible(String(label))).join(", ")]] : []),
    ]),
    table("Features", features.map(featureRow), ["name", "type", "in training"]),
    table("Metrics", metrics ? rows(metrics, "") : [["none", "no score was measured when the model was packaged"]]),
    table("Training", rows(training, "")),
    table("Libraries", rows(environment, "")),
    table("Artifacts", rows(artifacts, "")),
  );
  for (const [id, path] of [["link-model", "model"], ["link-openapi", "openapi.json"], ["link-health", "health"]]) {
    byId(id).href = BASE + path;
  }
}

// From the start

async function load() {
  byId("unavailable").replaceChildren();
  byId("loading").textContent = "Loading the model… The first request after a pause can take some seconds.";
  try {
    manifest = await ask("model");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const again = make("button", { type: "button" }, "Load again");
    again.addEventListener("click", load);
    byId("unavailable").replaceChildren(
      make("div", {}, make("p", {}, `The model's description could not be loaded. ${error.message}`), again),
    );
    return;
  } finally {
    byId("loading").textContent = "";
  }
  showModel();
}

function showModel() {
  const [{ name: target, unit }] = manifest.targets;
  document.title = manifest.name;
  byId("name").textContent = manifest.name;
  byId("summary").textContent = `Predicts ${target}${unit ? ` in ${unit}` : ""}. Version ${manifest.version}.`;
  fields = manifest.features.map(field);
  byId("fields").replaceChildren(...fields.map(({ box }) => box));
  if (manifest.examples.length > 1) byId("example").textContent = "Another example";
  fillExample();
  showCard();
  byId("form").addEventListener("submit", predict);
  byId("form").addEventListener("input", changed);
  byId("example").addEventListener("click", fillExample);
  byId("copy").addEventListener("click", copy);
  byId("try").hidden = byId("card").hidden = false;
}

load();
