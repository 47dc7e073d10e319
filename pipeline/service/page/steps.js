// The rounds of the search, drawn over the picture: cuts, spans sure and unsure, and the sentences that tell them.

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, kind) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (kind) element.setAttribute("class", kind);
  return element;
}

const line = (places) => places.map(([x, y], k) => `${k ? "L" : "M"}${x} ${y}`).join("");

/** One round in an <svg>; explanation: as of /v1/read?explain=true. */
export function drawRound(svg, explanation, number) {
  const [left, top, right, bottom] = explanation.view;
  const width = right - left, height = bottom - top;
  svg.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
  svg.replaceChildren(shape("image", { href: explanation.picture, x: left, y: top, width, height,
                                       preserveAspectRatio: "none" }));
  const round = explanation.rounds[number];
  if (!round) return;
  for (const k of round.cuts) {
    const fresh = round.new.includes(k) ? " fresh" : "";
    svg.append(shape("path", { d: line(explanation.cuts[k].path) }, `cut${fresh}`));
  }
  const size = Math.min(height * 0.13, width * 0.05);
  for (const span of round.spans) {
    const kind = span.digit === null ? "mark" : span.unsure ? "unsure" : "sure";
    svg.append(shape("path", { d: `${line(span.outline)}Z` }, `span ${kind}`));
    if (span.digit !== null) {
      const xs = span.outline.map((place) => place[0]), ys = span.outline.map((place) => place[1]);
      const label = shape("text", { x: (Math.min(...xs) + Math.max(...xs)) / 2,
                                    y: Math.max(Math.min(...ys) - size * 0.25, top + size) }, `label ${kind}`);
      label.style.fontSize = `${size}px`;
      label.textContent = span.digit;
      svg.append(label);
    }
  }
}

/** What a round did, in words. */
export function tellRound(explanation, number) {
  const round = explanation.rounds[number];
  if (!round) return "There is no ink in this picture.";
  return `Round ${number + 1} of ${explanation.rounds.length}: ${round.story}. Reads ${round.text || "nothing"}; `
    + `${round.ending}.`;
}
