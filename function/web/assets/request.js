// The request as a command and as a program

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** JSON's text as a literal of Python: escapes are the same, and what is beyond ASCII stays. */
const literal = (text) => JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

const SNIPPETS = {
  curl: (body) => `curl ${quoted(`${BASE}predict`)} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(body)}`,
  python: (body) =>
    [
      "import json",
      "from urllib.request import Request, urlopen",
      "",
      `body = ${literal(body)}`,
      `request = Request(${literal(`${BASE}predict`)}, body.encode(), {"content-type": "application/json"})`,
      "print(json.load(urlopen(request)))",
    ].join("\n"),
};

function changed() {
  for (const [id, made] of Object.entries(SNIPPETS)) {
    byId(id).textContent = made(record());
    byId(`${id}-copied`).textContent = "";
  }
  byId("stale").hidden = !byId("answer").querySelector(".value");
}

async function copy(id) {
  try {
    await navigator.clipboard.writeText(byId(id).textContent);
    byId(`${id}-copied`).textContent = "Copied.";
  } catch {
    // The clipboard is closed to pages that do not come by HTTPS.
    getSelection().selectAllChildren(byId(id));
    byId(`${id}-copied`).textContent = "Selected: copy it with the keyboard.";
  }
}
