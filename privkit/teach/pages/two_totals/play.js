const NEAR = 5, WIDE = 250;
const at = (francs) => 280 + 270 * Math.max(-1, Math.min(1, francs / WIDE));
function paint(left, noisy, difference, error) {
  by("picture").replaceChildren();
  const wide = 540 / DATA.values.length;
  DATA.values.forEach((one, place) => {
    shape("rect", { class: place === left ? "b" : "a", x: 11 + wide * place, y: 110 - 2 * one, width: wide - 3, height: 2 * one });
  });
  shape("line", { class: "axis", x1: 8, x2: 552, y1: 110, y2: 110 });
  if (noisy) shape("rect", { class: "faint", x: at(DATA.values[left] - error), y: 142, width: at(DATA.values[left] + error) - at(DATA.values[left] - error), height: 16 });
  shape("line", { class: "axis", x1: 8, x2: 552, y1: 150, y2: 150 });
  for (const francs of [-200, -100, 0, 100, 200]) shape("text", { x: at(francs), y: 185, "text-anchor": "middle" }, francs);
  shape("line", { class: "mark", x1: at(difference), x2: at(difference), y1: 132, y2: 168 });
  shape("circle", { class: "ring", cx: at(DATA.values[left]), cy: 150, r: 6 });
}
function show() {
  const left = Number(by("left").value), noisy = by("noisy").checked, epsilon = Number(by("epsilon").value);
  const draw = () => noisy ? noise(1 / scale(DATA.most, epsilon), Math.random()) : 0;
  const [monday, tuesday] = totals(DATA.values, left).map((one) => one + draw());
  const name = DATA.names[left], francs = DATA.values[left], error = spread(DATA.most, epsilon), cost = spent(epsilon);
  by("epsilon").disabled = by("draw").disabled = !noisy;
  by("amount").textContent = noisy ? epsilon.toFixed(1) : "no noise";
  paint(left, noisy, monday - tuesday, error);
  by("seen").textContent = `Above: what each has, ${name} in orange. Below: the upright line is the difference of the totals, `
    + `the ring what ${name} has` + (noisy ? ", and gray one standard error around it." : ".");
  const said = `Monday: ${monday.toLocaleString("en")}. Tuesday, without ${name}: ${tuesday.toLocaleString("en")}. `;
  by("found").textContent = said + (noisy
    ? `The difference is ${monday - tuesday}; ${name} has ${francs}. The difference errs by ${error.toFixed(0)} `
      + `(standard error); it comes within ${NEAR} francs in ${percent(within(DATA.most, epsilon, NEAR))} of cases.`
    : `So ${name} has ${francs} francs. Neither total tells that alone.`);
  by("paid").textContent = noisy
    ? `Whoever is in both totals pays for both: ε = ${cost.toFixed(1)}. More totals, more to pay: that is why a budget counts them.`
    : "Exact totals have no ε that would be enough: together they tell it with certainty.";
}
DATA.names.forEach((name, place) => by("left").append(new Option(name, place)));
by("noisy").checked = false;
by("epsilon").value = DATA.epsilon;
for (const id of ["left", "noisy", "epsilon"]) by(id).addEventListener("input", show);
by("draw").addEventListener("click", show);
show();
