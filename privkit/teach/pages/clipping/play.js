const count = (number) => Math.round(number).toLocaleString("en");
function trace(kind, figure, most) {
  const points = DATA.uppers.map((upper) => `${left(upper)},${270 - 120 * Math.min(1, figure(upper) / most)}`);
  shape("polyline", { class: `trace ${kind}`, points: points.join(" ") });
}
const left = (upper) => 10 + 540 * (upper - DATA.uppers[0]) / (DATA.uppers.at(-1) - DATA.uppers[0]);
function paint(upper, epsilon) {
  by("picture").replaceChildren();
  const wide = 540 / DATA.values.length, high = 110 / DATA.uppers.at(-1);
  DATA.values.forEach((one, place) => {
    const kept = high * Math.min(one, upper), gone = high * Math.max(0, one - upper);
    shape("rect", { class: "a", x: 10 + wide * place, y: 120 - kept, width: wide - 2, height: kept });
    shape("rect", { class: "faint", x: 10 + wide * place, y: 120 - kept - gone, width: wide - 2, height: gone });
  });
  shape("line", { class: "mark", x1: 8, x2: 552, y1: 120 - high * upper, y2: 120 - high * upper });
  const most = 1.3 * Math.max(error(DATA.values, 60, epsilon), error(DATA.values, best(DATA.values, DATA.uppers, epsilon), epsilon));
  shape("line", { class: "axis", x1: 8, x2: 552, y1: 270, y2: 270 });
  trace("trace-b", (one) => bias(DATA.values, one), most);
  trace("trace-a", (one) => spread(one, epsilon), most);
  trace("", (one) => error(DATA.values, one, epsilon), most);
  shape("line", { class: "axis", x1: left(upper), x2: left(upper), y1: 140, y2: 270 });
  shape("circle", { class: "ring", cx: left(upper), cy: 270 - 120 * Math.min(1, error(DATA.values, upper, epsilon) / most), r: 6 });
  for (const one of [20, 120, 240, 360, 480, 600]) shape("text", { x: left(one), y: 287, "text-anchor": one === 20 ? "start" : one === 600 ? "end" : "middle" }, one);
}
function show() {
  const upper = Number(by("upper").value), epsilon = Number(by("epsilon").value), cut = clipped(DATA.values, upper);
  by("bound").textContent = upper;
  by("amount").textContent = epsilon.toFixed(1);
  paint(upper, epsilon);
  by("errors").textContent = `${cut === 0 ? "Of the students nobody is" : `${cut} of ${DATA.values.length} students are`} clipped: `
    + `the total falls by ${count(bias(DATA.values, upper))}. Noise moves it by ${count(spread(upper, epsilon))}. `
    + `Both together: an error of ${count(error(DATA.values, upper, epsilon))} minutes.`;
  const answer = total(DATA.values, upper) + noise(1 / scale(upper, epsilon), Math.random());
  by("drawn").textContent = `One such answer: ${count(answer)} minutes; the truth is ${count(total(DATA.values, Infinity))}.`;
  by("least").textContent = `At this ε the error is least at ${best(DATA.values, DATA.uppers, epsilon)}. Only who sees the data knows that: `
    + "a bound that is taken from them tells on whoever is longest online. Take it from what everybody knows.";
}
by("upper").value = DATA.upper;
by("epsilon").value = DATA.epsilon;
for (const id of ["upper", "epsilon"]) by(id).addEventListener("input", show);
by("draw").addEventListener("click", show);
show();
