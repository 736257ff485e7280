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
  byId("scores").replaceChildren();
  byId("stale").hidden = true;
  byId("answer").replaceChildren(make("p", { className: "quiet" }, "Predicting…"));
}

function showAnswer(answer) {
  const { targets } = manifest;
  const of = (value, { name }) => (targets.length > 1 ? value[name] : value);
  const parts = targets.flatMap((target) => showValue(target, of(answer.prediction, target)));
  if (answer.warnings.length) parts.push(...showWarnings(answer.warnings));
  byId("answer").replaceChildren(...parts);
  const scores = targets.filter((target) => target.scores);
  byId("scores").replaceChildren(
    ...scores.flatMap((target) => showScores(target, of(answer[target.scores], target), of(answer.prediction, target))),
  );
}

function showValue({ name, unit, classes }, prediction) {
  const value = make("p", { className: "value" }, classes ? visible(String(prediction)) : formatted(prediction));
  if (unit) value.append(" ", make("span", { className: "unit" }, unit));
  return [make("p", { className: "quiet" }, name), value];
}

function showScores({ name, scores }, numbers, prediction) {
  if (scores === "score") return [make("p", {}, `Score ${formatted(numbers)}: less than 0 for an outlier`)];
  const title = scores[0].toUpperCase() + scores.slice(1);
  const label = manifest.targets.length > 1 ? `${title} of ${name}` : title;
  const heading = manifest.targets.length > 1 || scores === "distances" ? [make("p", { className: "quiet" }, label)] : [];
  return [...heading, ...bars(label, scores, numbers, prediction)];
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

/** A bar for each class: the likeliest first or, of distances, the nearest. */
function bars(label, scores, numbers, prediction) {
  const isFar = scores === "distances";
  // JSON has 1.0 as a key where the label is the number 1.
  const isChosen = (key) => (typeof prediction === "number" ? Number(key) === prediction : key === String(prediction));
  const sorted = Object.entries(numbers).sort((a, b) => (isFar ? a[1] - b[1] : b[1] - a[1]));
  const whole = isFar ? sorted.at(-1)[1] || 1 : 1;
  const items = sorted.slice(0, MOST_BARS).map(([key, number]) => {
    const filled = make("span");
    filled.style.width = `${(100 * number) / whole}%`;
    const track = make("span", { className: "track" }, filled);
    track.setAttribute("aria-hidden", "true");
    return make(
      "li",
      {},
      make("span", { className: isChosen(key) ? "chosen" : "" }, visible(key)),
      track,
      make("span", { className: "share" }, isFar ? formatted(number) : share(number)),
    );
  });
  const list = make("ul", { className: "bars" }, ...items);
  list.setAttribute("role", "list"); // Safari drops it with the bullets
  list.setAttribute("aria-label", label);
  const left = sorted.length - items.length;
  return left > 0 ? [list, make("p", { className: "quiet" }, `and ${left} ${isFar ? "farther" : "less likely"}`)] : [list];
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
