function row(words, answers, top) {
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("x", 8);
  text.setAttribute("y", top);
  text.textContent = words;
  by("picture").append(text);
  answers.forEach((yes, place) => {
    const dot = document.createElementNS(SVG, "circle");
    dot.setAttribute("class", yes ? "a" : "faint");
    dot.setAttribute("cx", 20 + 35 * (place % 15));
    dot.setAttribute("cy", top + 18 + 24 * Math.floor(place / 15));
    dot.setAttribute("r", yes ? 10 : 5);
    by("picture").append(dot);
  });
}
function toss() {
  const yes = Number(by("yes").value), truth = Array.from({ length: DATA.size }, (_, place) => place < yes);
  const answers = truth.map((one) => Math.random() < saysYes(one)), said = answers.filter(Boolean).length;
  by("amount").textContent = yes;
  by("picture").replaceChildren();
  row("The truth, which nobody hears (large: yes)", truth, 16);
  row("What they said", answers, 104);
  by("said").textContent = `${said} of ${DATA.size} said yes. That makes ${estimate(said, DATA.size).toFixed(0)} `
    + `true ones, give or take ${error(DATA.size).toFixed(1)}; it was ${yes}.`;
}
by("yes").value = DATA.yes;
by("yes").addEventListener("input", toss);
by("toss").addEventListener("click", toss);
toss();
