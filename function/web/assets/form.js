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
    if (element.value === "" && (feature.nullable || feature.type === "number")) return empty;
    if (feature.type !== "number") return element.value;
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
  const isLong = feature.type === "text" || manifest.examples.some(({ input }) => /\n|.{60}/.test(input[feature.name] ?? ""));
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
