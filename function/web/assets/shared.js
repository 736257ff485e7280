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
