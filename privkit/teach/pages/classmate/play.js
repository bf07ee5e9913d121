let who = DATA.who;

const dots = DATA.rows.map((row, place) => {
  const dot = document.createElementNS(SVG, "circle");
  dot.setAttribute("cx", 20 + 27 * (place % 20));
  dot.setAttribute("cy", 18 + 30 * Math.floor(place / 20));
  by("picture").append(dot);
  return dot;
});
const boxes = DATA.facts.map((fact, place) => {
  const label = document.createElement("label"), box = document.createElement("input"), words = document.createElement("span");
  box.type = "checkbox";
  box.addEventListener("change", show);
  label.append(box, " ", words);
  by("facts").append(label);
  return { box, words };
});
function show() {
  const known = boxes.flatMap(({ box }, fact) => box.checked ? [fact] : []);
  boxes.forEach(({ words }, fact) => { words.textContent = `${DATA.facts[fact]}: ${DATA.values[fact][DATA.rows[who][fact]]}`; });
  const fits = new Set(fitting(DATA.rows, who, known));
  dots.forEach((dot, place) => {
    dot.setAttribute("class", place === who ? "ring" : fits.has(place) ? "a" : "faint");
    dot.setAttribute("r", place === who ? 10 : fits.has(place) ? 9 : 4);
  });
  const count = fits.size, all = DATA.rows.length;
  by("fits").textContent = count === 1 ? "Found: this fits nobody but the classmate."
    : `This fits ${count} of ${all} students.`;
  by("alone").textContent = known.length === 0 ? `You know nothing yet: k = ${all}.`
    : `Known of everybody, the same ${known.length === 1 ? "fact finds" : `${known.length} facts find`} `
      + `${alone(DATA.rows, known)} of ${all} students. The smallest group has k = ${smallest(DATA.rows, known)}.`;
}
by("other").addEventListener("click", () => {
  who = (who + 1 + Math.floor(Math.random() * (DATA.rows.length - 1))) % DATA.rows.length;
  show();
});
show();
