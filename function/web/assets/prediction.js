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
