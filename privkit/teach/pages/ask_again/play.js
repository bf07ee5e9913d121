const places = 2 * DATA.reach + 2, first = DATA.others - DATA.reach, truth = DATA.others + 1;
let answers = [];

const replayed = () => by("replay").checked;
const left = (number) => 10 + 540 / places * (number - first + 0.5);
function paint() {
  const seen = new Array(places).fill(0), wide = 540 / places;
  by("picture").replaceChildren();
  for (const answer of answers) if (answer >= first && answer < first + places) seen[answer - first]++;
  const most = Math.max(4, ...seen);
  seen.forEach((count, place) => {
    shape("rect", { class: "a", x: 11 + wide * place, y: 125 - 110 * count / most, width: wide - 3, height: 110 * count / most });
    if (place % 4 === 1) shape("text", { x: left(first + place), y: 162, "text-anchor": "middle" }, first + place);
  });
  shape("line", { class: "axis", x1: 8, x2: 552, y1: 125, y2: 125 });
  shape("line", { class: "mark", x1: left(truth), x2: left(truth), y1: 5, y2: 125 });
  shape("circle", { class: "ring", cx: Math.min(550, Math.max(10, left(mean(answers)))), cy: 135, r: 7 });
}
function ask(times) {
  for (let round = 0; round < times; round++)
    answers.push(replayed() && answers.length ? answers[0] : truth + noise(DATA.epsilon, Math.random()));
  const count = answers.length, found = mean(answers), cost = spent(DATA.epsilon, count, replayed());
  paint();
  by("found").textContent = `Asked ${count === 1 ? "once" : `${count.toLocaleString("en")} times`}: the mean is ${found.toFixed(1)}, `
    + `the truth ${truth}. The standard error is ${error(DATA.epsilon, count, replayed()).toFixed(2)}.`;
  by("paid").textContent = `Spent: ε = ${cost.toFixed(1)}. At that loss, a guess whether you are among them is right in at most `
    + `${atMost(limit(cost))} of cases. ` + (replayed()
    ? "Replays tell nothing new, so they are free." : "Fresh answers add up: what each hides, all of them tell.");
}
function anew() { answers = []; ask(1); }
by("told").textContent = `With you, the club has ${truth} members. It answers how many with noise, at ε = ${DATA.epsilon} a question. `
  + "What if somebody asks again?";
by("once").addEventListener("click", () => ask(1));
by("many").addEventListener("click", () => ask(100));
for (const id of ["anew", "fresh", "replay"]) by(id).addEventListener("click", anew);
by("fresh").checked = true;
anew();
