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
  const targets = manifest.targets.map(({ name, unit }) => name + (unit ? ` in ${unit}` : ""));
  document.title = manifest.name;
  byId("name").textContent = manifest.name;
  byId("summary").textContent = `Predicts ${targets.join(", ")}. Version ${manifest.version}.`;
  const cautions = manifest.cautions ?? [];
  byId("cautions").replaceChildren(...cautions.map((text) => make("p", { className: "warning" }, text)));
  byId("cautions").hidden = cautions.length === 0;
  fields = manifest.features.map(field);
  byId("fields").replaceChildren(...fields.map(({ box }) => box));
  if (manifest.examples.length > 1) byId("example").textContent = "Another example";
  fillExample();
  showCard();
  byId("form").addEventListener("submit", predict);
  byId("form").addEventListener("input", changed);
  byId("example").addEventListener("click", fillExample);
  for (const id of Object.keys(SNIPPETS)) byId(`${id}-copy`).addEventListener("click", () => copy(id));
  listenForFiles();
  for (const id of ["try", "table", "card"]) byId(id).hidden = false;
}

load();
