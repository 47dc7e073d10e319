// The reading page: what is drawn, dropped, pasted, photographed or chosen goes to /v1/read; the answer is shown.

import { ask, askJson, wireToken } from "/page/api.js";
import { Paper } from "/page/paper.js";
import { clearReading, percent, showReading, showVerdict, shown } from "/page/reading.js";
import { drawRound, tellRound } from "/page/steps.js";

const $ = (id) => document.getElementById(id);
const state = { record: null, known: {}, picture: null, turn: 0 };

const paper = new Paper($("paper"), () => {
  for (const id of ["read", "undo", "clear"]) $(id).disabled = paper.empty;
});
const askForToken = wireToken(() => { start(); if (state.picture) read(state.picture); });

/** What went wrong; the number of the picture before must not stand beside it. */
function complain(trouble) {
  state.record = null;
  clearReading();
  $("problem").textContent = trouble.message;
  $("problem").hidden = false;
  askForToken(trouble);
}

async function read(picture) {
  state.picture = picture;
  const turn = ++state.turn;
  $("problem").hidden = true;
  $("result").setAttribute("aria-busy", "true");
  const query = new URLSearchParams({ explain: "true" });
  if ($("format").value.trim()) query.set("format", $("format").value.trim());
  if ($("template").value) query.set("template", $("template").value);
  try {
    const answer = await ask(`/v1/read?${query}`, { method: "POST", body: picture });
    const record = await answer.json();
    if (turn === state.turn) show(record);
  } catch (trouble) {
    if (turn === state.turn) complain(trouble);
  } finally {
    if (turn === state.turn) $("result").removeAttribute("aria-busy");
  }
}

function show(record) {
  state.record = record;
  showReading(record);
  judge();
  const rounds = record.explanation?.rounds.length ?? 0;
  $("how").hidden = !record.explanation;
  if (record.explanation) {
    $("step").max = Math.max(0, rounds - 1);
    turnTo(Math.max(0, rounds - 1));
  }
  $("said").textContent = record.text === null ? "No number was read."
    : `Reads ${[...shown(record)].join(" ")}, right with probability ${percent(record.confidence)}. ${$("badge").textContent}.`;
}

function judge() {
  if (state.record) showVerdict(state.record, Number($("threshold").value), state.known);
}

function turnTo(number) {
  const explanation = state.record.explanation;
  $("step").value = number;
  $("step").setAttribute("aria-valuetext", `round ${number + 1} of ${explanation.rounds.length}`);
  $("back").disabled = number <= 0;
  $("on").disabled = number >= explanation.rounds.length - 1;
  drawRound($("picture"), explanation, number);
  $("story").textContent = tellRound(explanation, number);
}

function take(files) {
  const picture = [...(files ?? [])].find((file) => file.type.startsWith("image/")) ?? files?.[0];
  if (picture) read(picture);
}

async function start() {
  try {
    const ready = await askJson("/v1/ready");
    state.known = ready.thresholds;
    $("threshold").value = ready.threshold;
    $("thresholds").replaceChildren(...Object.values(ready.thresholds).map((value) => new Option("", value)));
    $("to-review").hidden = !ready.review;
    $("template-field").hidden = ready.templates.length === 0;
    $("template").append(...ready.templates.map((name) => new Option(name, name)));
    if (ready.format && !$("format").value) $("format").placeholder = ready.format;
  } catch (trouble) {
    complain(trouble);
  }
}

$("read").addEventListener("click", async () => read(await paper.picture()));
$("undo").addEventListener("click", () => paper.undo());
$("clear").addEventListener("click", () => paper.clear());
$("threshold").addEventListener("input", judge);
$("step").addEventListener("input", () => turnTo(Number($("step").value)));
$("back").addEventListener("click", () => turnTo(Number($("step").value) - 1));
$("on").addEventListener("click", () => turnTo(Number($("step").value) + 1));
for (const id of ["format", "template"]) {
  $(id).addEventListener("change", () => { if (state.picture) read(state.picture); });
}
for (const id of ["file", "photo"]) {
  $(id).addEventListener("change", () => {
    take($(id).files);
    $(id).value = "";
  });
}
document.addEventListener("paste", (event) => take(event.clipboardData?.files));
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop") take(event.dataTransfer?.files);
  });
}
start();
