// A reading on the page: its digits, probability, verdict at the threshold, alternatives.

const $ = (id) => document.getElementById(id);
const READERS = { lattice: "Pieces of ink alone", line: "The whole line alone" };
export const percent = (p, places = 1) => `${(100 * p).toFixed(places)} %`;

function digitElement(digit, threshold, open) {
  const item = document.createElement("li");
  item.className = open || digit.confidence < threshold ? "digit unsure" : "digit";
  const others = digit.alternatives.map((other) => `${other.text}: ${percent(other.confidence)}`);
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `${open ? "open, perhaps " : ""}${digit.digit}, ${percent(digit.confidence)}`
    + (others.length ? `; or ${others.join(", ")}` : ""));
  for (const [kind, text] of [["figure", open ? "?" : digit.digit], ["share", percent(digit.confidence, 0)]]) {
    const part = document.createElement("span");
    part.className = kind;
    part.textContent = text;
    button.append(part);
  }
  const tip = document.createElement("div");
  tip.className = "others";
  tip.setAttribute("aria-hidden", "true"); // the button's name says the same
  for (const text of [`${digit.digit}: ${percent(digit.confidence)}`, ...(others.length ? others : ["no other digit"])]) {
    const row = document.createElement("p");
    row.textContent = text;
    tip.append(row);
  }
  item.append(button, tip);
  return item;
}

/** Shows whether the reading is accepted at a threshold; known: thresholds by their share of errors. */
export function showVerdict(record, threshold, known) {
  const accepted = record.text !== null && record.confidence >= threshold;
  $("badge").textContent = record.text === null ? "Nothing read" : accepted ? "Accepted" : "Please look";
  for (const id of ["badge", "bar-fill"]) $(id).classList.toggle("accepted", accepted);
  $("bar-fill").style.width = `${100 * record.confidence}%`;
  $("bar-mark").style.left = `${100 * threshold}%`;
  $("threshold-value").textContent = percent(threshold);
  const errors = Object.entries(known).filter(([, value]) => threshold >= value).map(([bound]) => Number(bound));
  $("threshold-note").textContent = errors.length
    ? `On the strings it was calibrated on, at most ${percent(Math.min(...errors))} of what is accepted here was wrong.`
    : "";
  $("digits").replaceChildren(...(record.digits ?? []).map((digit, k) =>
    digitElement(digit, threshold, !accepted && k === record.mask?.place)));
}

/** What one of the two readers alone would say; `differs` where that is not what both say together. */
function readerElement(name, said, text) {
  const item = document.createElement("li");
  item.className = said.text === text ? "" : "differs";
  item.textContent = `${READERS[name] ?? name}: ${said.text ?? "nothing"} (${percent(said.confidence)})`;
  return item;
}

/** What a person reads: what is written or, where there are no marks to be known, the digits; an unsure one open. */
export const shown = (record) => record.mask?.written ?? record.mask?.text ?? record.written ?? record.text;

/** Another text with the marks of what is written in their places; as it is where that has another number of digits. */
export function withMarks(text, written) {
  const digits = [...text];
  if ((written?.match(/[0-9]/g) ?? []).length !== digits.length) return text;
  return written.replace(/[0-9]/g, () => digits.shift());
}

/** Takes the last reading off the page. */
export function clearReading() {
  $("reading").hidden = true;
  for (const id of ["digits", "fields", "readers"]) $(id).replaceChildren();
  for (const id of ["said", "written", "note", "others", "queued"]) $(id).textContent = "";
}

/** Shows everything of a reading that does not depend on the threshold. */
export function showReading(record) {
  $("empty").hidden = true;
  $("reading").hidden = false;
  $("confidence").textContent = percent(record.confidence);
  const others = record.alternatives.filter((other) => other.confidence >= 0.0005);
  $("others").textContent = others.length
    ? `Or ${others.map((other) => `${withMarks(other.text, record.written)} (${percent(other.confidence)})`).join(", ")}.` : "";
  $("readers").replaceChildren(...Object.entries(record.readers ?? {}).map(([name, said]) => readerElement(name, said, record.text)));
  const { mask } = record;
  $("written").hidden = !record.written;
  $("written").textContent = !record.written ? "" : `Written ${shown(record)}; `
    + (record.value === null ? `no value: ${record.value_note}` : `value ${record.value}`);
  $("note").textContent = record.note ?? (mask ? `All but the ? of ${shown(record)} is right with ${percent(mask.confidence)}; `
    + `it is ${mask.alternatives.map((each) => `${each.text} (${percent(each.confidence)})`).join(" or ")}.`
    : record.blank ? "There is no ink here." : "");
  $("fields").hidden = !record.fields;
  $("fields").replaceChildren(...(record.fields ?? []).map((field) => {
    const item = document.createElement("li");
    const text = shown(field) ?? (field.blank ? "blank" : "not readable");
    item.textContent = `${field.name}: ${text} (${percent(field.confidence)})`;
    return item;
  }));
  const queued = typeof record.review === "number";
  $("queued").hidden = !queued;
  $("queued").textContent = queued ? `Kept for review as item ${record.review}.` : "";
}
