// The review page: an item, its picture, and the keyboard. Each item is leased, so no one else has it meanwhile.

import { ask, askJson, wireToken } from "/page/api.js";
import { percent } from "/page/reading.js";

const $ = (id) => document.getElementById(id);
const AGAIN = 5000; // ms until an empty queue is looked at again
const NAME = "digitstring-reviewer";
const state = { item: null, decided: null, busy: false, timer: 0 };
const askForToken = wireToken(() => { if (!$("item").hidden || $("who").hidden) next(); });

function complain(trouble) {
  $("problem").textContent = trouble.message;
  $("problem").hidden = false;
  askForToken(trouble);
}

/** Runs one action at a time; its errors are shown, and after a lost lease the next item comes. */
async function act(work) {
  if (state.busy) return;
  state.busy = true;
  $("problem").hidden = true;
  try {
    await work();
  } catch (trouble) {
    complain(trouble);
    if (trouble.status === 409) await fetchNext().catch(complain);
  } finally {
    state.busy = false;
  }
}

const next = () => act(fetchNext);

async function fetchNext() {
  clearTimeout(state.timer);
  await show((await askJson("/v1/review/next", {})).item);
}

async function show(item) {
  state.item = item;
  $("item").hidden = item === null;
  $("empty").hidden = item !== null;
  $("undo").disabled = state.decided === null;
  tellProgress();
  if (item === null) {
    $("said").textContent = "Nothing waits.";
    state.timer = setTimeout(next, AGAIN);
    return;
  }
  const { record } = item;
  const answer = await ask(`/v1/review/items/${item.item}/picture`);
  URL.revokeObjectURL($("crop").src);
  $("crop").src = URL.createObjectURL(await answer.blob());
  $("text").value = record.text ?? "";
  $("guess").textContent = record.text ? `read with probability ${percent(record.confidence)}` : "nothing was read";
  const others = (record.alternatives ?? []).slice(0, 3);
  $("alternatives").replaceChildren(...others.map(({ text, confidence }, k) => {
    const button = document.createElement("button");
    button.type = "button";
    const key = document.createElement("kbd");
    key.textContent = "abc"[k];
    button.append(`${text} (${percent(confidence)}) `, key);
    button.addEventListener("click", () => choose(text));
    return button;
  }));
  $("said").textContent = `Item ${item.item}, reads ${[...(record.text ?? "")].join(" ") || "nothing"}.`;
  $("text").focus();
  $("text").select();
}

function choose(text) {
  $("text").value = text;
  $("text").focus();
}

async function tellProgress() {
  try {
    const { waiting, done, unusable } = await askJson("/v1/review/progress");
    $("progress").textContent = `${waiting} waiting, ${done} done, ${unusable} unusable`;
  } catch (trouble) {
    complain(trouble);
  }
}

const reviewer = () => $("reviewer").value.trim();

function decide(text) {
  const item = state.item;
  if (item === null) return;
  act(async () => {
    await askJson("/v1/review/decide", { item: item.item, lease: item.lease, reviewer: reviewer(), text });
    state.decided = item.item;
    await fetchNext();
  });
}

function skip() {
  const item = state.item;
  if (item === null) return;
  act(async () => {
    await askJson("/v1/review/release", { item: item.item, lease: item.lease, skip: true });
    await fetchNext();
  });
}

function undo() {
  const number = state.decided, held = state.item;
  if (number === null) return;
  act(async () => {
    if (held !== null) await askJson("/v1/review/release", { item: held.item, lease: held.lease });
    state.decided = null;
    await show((await askJson("/v1/review/reopen", { item: number, reviewer: reviewer() })).item);
  });
}

async function download() {
  const answer = await ask("/v1/review/export");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = "review.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const KEYS = { u: () => decide(null), n: () => decide(""), z: undo, Escape: skip };

$("item").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const other = $("alternatives").children["abc".indexOf(event.key)];
  const work = KEYS[event.key] ?? (event.key.length === 1 && other ? () => other.click() : null);
  if (work) {
    event.preventDefault();
    work();
  }
});
$("item").addEventListener("submit", (event) => {
  event.preventDefault();
  decide($("text").value.trim());
});
$("who").addEventListener("submit", (event) => {
  event.preventDefault();
  localStorage.setItem(NAME, reviewer());
  $("who").hidden = true;
  next();
});
$("skip").addEventListener("click", skip);
$("none").addEventListener("click", () => decide(""));
$("unusable").addEventListener("click", () => decide(null));
$("undo").addEventListener("click", undo);
$("export").addEventListener("click", () => act(download));
window.addEventListener("pagehide", () => {
  // Leaving gives the item back, so that the next reviewer need not wait for the lease to run out.
  if (state.item) {
    ask("/v1/review/release", { method: "POST", keepalive: true, headers: { "content-type": "application/json" },
                                body: JSON.stringify({ item: state.item.item, lease: state.item.lease }) }).catch(() => {});
  }
});
$("reviewer").value = localStorage.getItem(NAME) ?? "";
$("reviewer").focus();
tellProgress();
