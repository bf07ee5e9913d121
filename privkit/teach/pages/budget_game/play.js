const most = DATA.parts / DATA.of_one, each = DATA.parts / DATA.wishes.length;
const rows = [];
let given = DATA.wishes.map(() => each);

const epsilon = (parts) => (parts / DATA.of_one).toFixed(2);
const short = (number) => number < 10 ? number.toFixed(1) : Math.round(number).toLocaleString("en");
function build() {
  const head = by("wishes").createTHead().insertRow();
  for (const words of ["how many, in all", "its part", "ε", "errs by", "wished"]) {
    const made = document.createElement("th");
    made.scope = "col";
    made.textContent = words;
    head.append(made);
  }
  const body = by("wishes").createTBody();
  DATA.wishes.forEach((wish, place) => {
    const row = body.insertRow(), name = document.createElement("th"), slider = document.createElement("input");
    const label = document.createElement("label");
    Object.assign(slider, { type: "range", min: 1, max: DATA.parts / 2, step: 1, id: `wish${place}` });
    label.htmlFor = slider.id;
    label.textContent = wish.words;
    name.scope = "row";
    name.append(label);
    slider.addEventListener("input", () => { given[place] = Number(slider.value); show(); });
    row.append(name);
    row.insertCell().append(slider);
    const [part, errs, wished] = [row.insertCell(), row.insertCell(), row.insertCell()];
    wished.textContent = wish.wished.toLocaleString("en");
    rows.push({ slider, part, errs });
  });
}
function paint() {
  by("picture").replaceChildren();
  DATA.wishes.forEach((wish, place) => {
    const share = error(wish, given[place], DATA.of_one) / wish.wished, high = 25 * Math.min(share, 4.2);
    shape("rect", { class: share > 1 ? "b" : "a", x: 20 + 67 * place, y: 106 - high, width: 48, height: high });
  });
  shape("line", { class: "axis", x1: 8, x2: 552, y1: 106, y2: 106 });
  shape("line", { class: "mark", x1: 8, x2: 552, y1: 81, y2: 81 });
}
function times(parts) { return score(DATA.wishes, parts, DATA.of_one).toFixed(2); }
function show() {
  rows.forEach(({ slider, part, errs }, place) => {
    slider.value = given[place];
    slider.setAttribute("aria-valuetext", `ε = ${epsilon(given[place])}`);
    part.textContent = epsilon(given[place]);
    errs.textContent = short(error(DATA.wishes[place], given[place], DATA.of_one));
  });
  paint();
  const equal = DATA.wishes.map(() => each), ideal = best(DATA.wishes, DATA.parts, DATA.of_one);
  by("spent").textContent = allowed(given, DATA.parts)
    ? `Spent: ε = ${epsilon(spent(given))} of ${most}. On average the errors are ${times(given)} times what was wished; `
      + `equal parts get ${times(equal)}, the best get ${times(ideal)}.`
    : `ε = ${epsilon(spent(given))} is more than ${most}: refused. Take something back from another wish.`;
  by("drawn").textContent = "";
}
function publish() {
  if (!allowed(given, DATA.parts)) {
    by("drawn").textContent = "Nothing was published, and nothing was spent.";
    return;
  }
  const told = DATA.wishes.map((wish, place) => {
    const answer = wish.truth + noise(1 / scale(wish, given[place], DATA.of_one), Math.random());
    return `${wish.words}: ${answer.toLocaleString("en")}`;
  });
  by("drawn").textContent = `Published: ${told.join(", ")}. Another round would cost anew.`;
}
build();
by("publish").addEventListener("click", publish);
by("equal").addEventListener("click", () => { given = DATA.wishes.map(() => each); show(); });
by("best").addEventListener("click", () => { given = best(DATA.wishes, DATA.parts, DATA.of_one); show(); });
show();
