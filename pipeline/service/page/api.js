// Requests to the service: the token where one is needed, and errors as sentences.

const KEY = "digitstring-token";

export class Trouble extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** The answer to a request; an error of the service becomes Trouble with its sentence. */
export async function ask(path, options = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch {
    throw new Trouble("The service does not answer. Is it still running?", 0);
  }
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Trouble(said.error ?? `The service answered ${answer.status}.`, answer.status);
  }
  return answer;
}

export async function askJson(path, body) {
  const options = body === undefined ? {}
    : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return (await ask(path, options)).json();
}

/** Shows the field for the token once the service asks for it, and keeps what is typed until the tab is closed. */
export function wireToken(retry) {
  const field = document.getElementById("token-field");
  const input = document.getElementById("token");
  input.addEventListener("change", () => {
    sessionStorage.setItem(KEY, input.value);
    retry();
  });
  return (trouble) => {
    if (trouble.status === 401) {
      field.hidden = false;
      input.focus();
    }
  };
}
