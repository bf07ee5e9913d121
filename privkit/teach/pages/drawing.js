const by = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
// Draw a shape, or words, into the picture.
function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  by("picture").append(made);
  return made;
}
function percent(share) { return `${(100 * share).toFixed(1)}\u00a0%`; }
// A limit, which is never told too low.
function atMost(share) { return `${(Math.ceil(10000 * share) / 100).toFixed(2)}\u00a0%`; }
