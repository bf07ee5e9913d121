const buttons = [];
let chosen = [0, 0];

function cell(name, text, scope) {
  const made = document.createElement(name);
  made.textContent = text;
  if (scope) made.scope = scope;
  return made;
}
function build() {
  const head = by("map").createTHead().insertRow(), body = by("map").createTBody();
  head.append(document.createElement("td"), ...DATA.ages.map((words) => cell("th", words, "col")));
  DATA.zips.forEach((words, zip) => {
    const row = body.insertRow();
    row.append(cell("th", words, "row"));
    DATA.ages.forEach((_, age) => {
      const { k, out } = figures(DATA.rows, zip, age), button = cell("button", `k = ${k}, ${out} out`);
      button.type = "button";
      button.setAttribute("aria-label", `${words}, ${DATA.ages[age]}: k = ${k}, ${out} out`);
      button.addEventListener("click", () => { chosen = [zip, age]; show(); });
      buttons.push(button);
      row.insertCell().append(button);
    });
  });
}
function paint() {
  const LETTER = 10.5;
  let left = 4, top = 4;
  by("picture").replaceChildren();
  for (const places of classes(DATA.rows, ...chosen)) {
    const letters = places.map((place) => DATA.secrets[DATA.rows[place][2]][0].toUpperCase()).sort();
    const wide = 10 + LETTER * letters.length, same = different(DATA.rows, places) === 1;
    if (left + wide > 558) { left = 4; top += 29; }
    shape("rect", { class: same ? "box-b" : "box", x: left, y: top, width: wide, height: 23, rx: 4 });
    letters.forEach((letter, place) => shape("text", { x: left + 5 + LETTER * (place + 0.5), y: top + 16, "text-anchor": "middle" }, letter));
    left += wide + 5;
  }
}
function show() {
  const [zip, age] = chosen, { k, l, t, out } = figures(DATA.rows, zip, age), count = DATA.rows.length;
  buttons.forEach((button, place) => button.setAttribute("aria-pressed", place === 4 * zip + age));
  paint();
  by("found").textContent = `${DATA.zips[zip]}, ${DATA.ages[age]}: k = ${k}, l = ${l}, t = ${t.toFixed(2)}. `
    + (out === 0 ? "The illness of nobody is out." : `The illness of ${out} of ${count} patients is out.`);
  by("means").textContent = k === 1 ? "Somebody looks like nobody else: who knows zip and age has found that patient."
    : out > 0 ? `Everybody looks like ${k - 1} others or more, but in some groups all have the same illness: k does not look at it, l does.`
      : `Everybody looks like ${k - 1} others or more, and each group has ${l} illnesses or more. `
        + (t === 0 ? "All are one group: nothing is told of zip and age any more."
          : `A group's illnesses differ from everybody's by t = ${t.toFixed(2)} at most: that much is still told.`);
}
by("seen").textContent = `Each box: patients who look alike, by the first letter of their illness (${DATA.secrets.join(", ")}). `
  + "Thick: all of them have the same.";
build();
show();
