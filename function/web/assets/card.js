// The model card

function table(caption, rows, header) {
  const element = make("table", {}, make("caption", {}, caption));
  const columns = header?.map((text) => make("th", { scope: "col" }, text));
  if (columns) element.append(make("thead", {}, make("tr", {}, ...columns)));
  const lines = rows.map(([first, ...others]) =>
    make("tr", {}, make("th", { scope: "row" }, visible(first)), ...others.map((text) => cell(text))),
  );
  element.append(make("tbody", {}, ...lines));
  if (!header) return element;
  // On a phone a table of several columns scrolls by itself, by keyboard too.
  const region = make("div", { className: "scrolled", tabIndex: 0 }, element);
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", caption);
  return region;
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

function targetRows({ name, unit, classes, scores }) {
  return [
    ["target", name],
    ...rows(unit, "unit"),
    ...(classes ? [["classes", classes.map((label) => visible(String(label))).join(", ")]] : []),
    ...rows(scores, "scores"),
  ];
}

function showCard() {
  const { name, version, task, targets, features, columns_by, metrics, training, environment, artifacts } = manifest;
  const featureRow = (feature) => [
    feature.name,
    (feature.type === "text" ? "free text" : feature.type) + (feature.nullable ? " or null" : ""),
    seen(feature) || "not listed",
  ];
  byId("tables").replaceChildren(
    table("Model", [
      ["name", name],
      ["version", version],
      ["task", task],
      ...targets.flatMap(targetRows),
      ["takes its features by", columns_by],
    ]),
    table("Features", features.map(featureRow), ["name", "type", "in training"]),
    table("Metrics", metrics ? rows(metrics, "") : [["none", "no score was measured when the model was packaged"]]),
    table("Training", rows(training, "")),
    table("Libraries", rows(environment, "")),
    table("Artifacts", rows(artifacts, "")),
  );
  for (const [id, path] of [["link-docs", "docs"], ["link-model", "model"], ["link-openapi", "openapi.json"], ["link-health", "health"]]) {
    byId(id).href = BASE + path;
  }
}
