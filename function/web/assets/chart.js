// A picture of many predictions

const BINS = 12;

/** How many predictions fall where: a bar for each class, or for each of twelve equal parts of the range. */
function chart({ name, classes }, predictions) {
  const bars = classes ? byClass(predictions) : byRange(predictions.map(Number));
  const most = Math.max(...bars.map(([, count]) => count));
  const items = bars.map(([name, count]) => {
    const filled = make("span");
    filled.style.width = `${(100 * count) / most}%`;
    const track = make("span", { className: "track" }, filled);
    track.setAttribute("aria-hidden", "true");
    return make("li", {}, make("span", {}, name), track, make("span", { className: "share" }, String(count)));
  });
  const list = make("ul", { className: "bars" }, ...items);
  list.setAttribute("role", "list"); // Safari drops it with the bullets
  const title = make("h3", {}, `Rows by ${name}`);
  list.setAttribute("aria-label", title.textContent);
  return make("div", { className: "box" }, title, list);
}

function byClass(predictions) {
  const counts = new Map();
  for (const label of predictions) counts.set(label, (counts.get(label) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const rest = sorted.slice(MOST_BARS).reduce((sum, [, count]) => sum + count, 0);
  const shown = sorted.slice(0, MOST_BARS).map(([label, count]) => [visible(label), count]);
  return rest ? [...shown, ["others", rest]] : shown;
}

function byRange(numbers) {
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  if (low === high) return [[formatted(low), numbers.length]];
  const counts = new Array(BINS).fill(0);
  for (const number of numbers) counts[Math.min(BINS - 1, Math.floor(((number - low) / (high - low)) * BINS))] += 1;
  const edge = (bin) => formatted(low + ((high - low) * bin) / BINS);
  return counts.map((count, bin) => [`${edge(bin)} to ${edge(bin + 1)}`, count]);
}
