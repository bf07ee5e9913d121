const still = matchMedia("(prefers-reduced-motion: reduce)");
const places = 2 * DATA.reach + 2, first = DATA.others - DATA.reach, ROUNDS = 1000;
let seen, right, asked, running = 0;

function paint(epsilon) {
  by("picture").replaceChildren();
  const wide = 540 / places, most = 1.15 * chance(epsilon, 0);
  for (const you of [0, 1]) {
    const ground = 105 + 120 * you, total = Math.max(1, asked / 2);
    shape("text", { x: 8, y: ground - 85 }, you ? `with you: ${DATA.others + 1}` : `without you: ${DATA.others}`);
    shape("line", { class: "axis", x1: 8, x2: 552, y1: ground, y2: ground });
    for (let place = 0; place < places; place++) {
      const left = 10 + wide * place, high = Math.min(95, 90 * seen[you][place] / total / most);
      shape("rect", { class: you ? "b" : "a", x: left + 1, y: ground - high, width: wide - 3, height: high });
      const expected = ground - 90 * chance(epsilon, first + place - DATA.others - you) / most;
      shape("line", { class: "mark", x1: left, x2: left + wide - 1, y1: expected, y2: expected });
      if (you && place % 4 === 0) shape("text", { x: left, y: ground + 18 }, first + place);
    }
  }
}
function ask(epsilon, times) {
  for (let round = 0; round < times; round++) {
    const you = asked % 2, answer = DATA.others + you + noise(epsilon, Math.random());
    const place = answer - first;
    if (place >= 0 && place < places) seen[you][place]++;
    right += saysWithYou(DATA.others, answer) === (you === 1);
    asked++;
  }
}
function tell(epsilon) {
  by("success").textContent = `The attacker was right in ${percent(right / asked)} of ${asked.toLocaleString("en")} guesses, `
    + `give or take ${percent(luck(epsilon, asked))} by luck. `
    + `The limit at ε = ${epsilon.toFixed(1)} is ${atMost(limit(epsilon))}; blind guesses are right in 50\u00a0%.`;
}
function start() {
  const epsilon = Number(by("epsilon").value), run = ++running;
  by("amount").textContent = epsilon.toFixed(1);
  seen = [0, 1].map(() => new Array(places).fill(0));
  right = asked = 0;
  const step = () => {
    if (run !== running) return;
    ask(epsilon, still.matches ? ROUNDS - asked : ROUNDS / 20);
    paint(epsilon);
    if (asked < ROUNDS) requestAnimationFrame(step);
    else tell(epsilon);
  };
  step();
}
by("told").textContent = `A club counts its members and adds noise. Without you it counts ${DATA.others}, with you `
  + `${DATA.others + 1}. Which of the two worlds gave the answer?`;
by("epsilon").addEventListener("input", start);
by("draw").addEventListener("click", start);
start();
