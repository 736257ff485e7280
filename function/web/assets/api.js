// Asking the API

class Failure extends Error {
  constructor(message, errors = []) {
    super(message);
    this.errors = errors;
  }
}

/** The answer to a request, as an object. Throws Failure. */
async function ask(path, options) {
  const [response, text] = await asked(path, options);
  const body = parsed(text);
  if (response.ok && body) return body;
  throw failure(response, body);
}

/** The answer to a request, as the text that it is. Throws Failure. */
async function askText(path, options) {
  const [response, text] = await asked(path, options);
  if (response.ok) return text;
  throw failure(response, parsed(text));
}

async function asked(path, options) {
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
  return [response, text];
}

function failure(response, body) {
  return new Failure(sentence(response.status, body), Array.isArray(body?.errors) ? body.errors : []);
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
