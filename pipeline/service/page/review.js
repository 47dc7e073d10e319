// The review page: an item, its picture, and the keyboard. Each item is leased, so no one else has it meanwhile.

import { ask, askJson, wireToken } from "/page/api.js";
import { percent, shown, withMarks } from "/page/reading.js";

const $ = (id) => document.getElementById(id);
const AGAIN = 5000; // ms until an empty queue is looked at again
const NAME = "digitstring-reviewer";
const OPEN = "?"; // stands for a digit that is asked for
const MOST_ZOOM = 8;
const state = { zoom: 1, item: null, decided: null, busy: false, timer: 0 };
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
  await showPicture(false);
  showReading(item.record);
  $("where").textContent = [item.record.file, ...(item.field === null ? [] : [`page ${item.page}`, item.field])].join(" · ");
  $("around").hidden = item.field === null;
  $("said").textContent = `Item ${item.item}, ${item.field ?? ""} reads ${[...suggestion(item.record)].join(" ") || "nothing"}.`;
  $("text").focus();
  openDigit();
}

/** What the field for the number begins with: what is written, or the digits, the unsure one open. */
const suggestion = (record) => shown(record) ?? "";

function showReading(record) {
  const { mask } = record;
  $("text").value = suggestion(record);
  $("guess").textContent = mask ? `only the ? is unsure; the others are right with probability ${percent(mask.confidence)}`
    : record.text ? `read with probability ${percent(record.confidence)}`
      : record.blank ? "nothing is written there, it seems" : "nothing was read";
  const whole = (digit) => (mask.written ?? mask.text).replace(OPEN, digit);
  const others = mask ? mask.alternatives.map((each) => ({ ...each, text: whole(each.text) })) : record.alternatives?.map((each) => ({ ...each, text: withMarks(each.text, record.written) })) ?? [];
  $("alternatives").replaceChildren(...others.slice(0, 3).map(({ text, confidence }, k) => {
    const button = document.createElement("button");
    button.type = "button";
    const key = document.createElement("kbd");
    key.textContent = "abc"[k];
    button.append(`${text} (${percent(confidence)}) `, key);
    button.addEventListener("click", () => choose(text));
    return button;
  }));
}

/** Selects the open digit, so that typing one replaces it; without one, all, so that typing replaces the reading. */
function openDigit() {
  const place = $("text").value.indexOf(OPEN);
  if (place < 0) $("text").select();
  else $("text").setSelectionRange(place, place + 1);
}

/** The picture of the item, or the page around it. */
async function showPicture(around) {
  const answer = await ask(`/v1/review/items/${state.item.item}/${around ? "page" : "picture"}`);
  URL.revokeObjectURL($("crop").src);
  $("crop").src = URL.createObjectURL(await answer.blob());
  $("around").setAttribute("aria-pressed", around);
  zoom(1);
  $("text").focus();
}

function zoom(factor) {
  state.zoom = Math.min(MOST_ZOOM, Math.max(1, factor));
  $("crop").style.width = `${100 * state.zoom}%`;
  $("crop").classList.toggle("large-picture", state.zoom > 1);
  $("larger").disabled = state.zoom >= MOST_ZOOM;
  $("smaller").disabled = state.zoom <= 1;
}

const turnPage = () => {
  if (!$("around").hidden) act(() => showPicture($("around").getAttribute("aria-pressed") !== "true"));
};

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
  if (text?.includes(OPEN)) {
    openDigit();
    return;
  }
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

const KEYS = { u: () => decide(null), n: () => decide(""), z: undo, Escape: skip,
               l: () => zoom(state.zoom * 1.5), s: () => zoom(state.zoom / 1.5), p: turnPage };

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
$("larger").addEventListener("click", KEYS.l);
$("smaller").addEventListener("click", KEYS.s);
$("around").addEventListener("click", turnPage);
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
