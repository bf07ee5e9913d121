if (typeof module !== "undefined") Object.assign(globalThis, require("../noise.js"));
// How many parts of the budget are given away. Parts are whole, so that the sum is exact.
function spent(given) {
  return given.reduce((sum, one) => sum + one, 0);
}
function allowed(given, parts) {
  return spent(given) <= parts;
}
// The scale of the noise of a wish that one student moves by `most` at most.
function scale(wish, parts, ofOne) {
  return wish.most * ofOne / parts;
}
// Its mean absolute error: 2a/(1 - a^2) for a = e^(-1/scale).
function error(wish, parts, ofOne) {
  return 1 / Math.sinh(1 / scale(wish, parts, ofOne));
}
// The mean of the errors, each by what is wished for.
function score(wishes, given, ofOne) {
  return wishes.reduce((sum, wish, place) => sum + error(wish, given[place], ofOne) / wish.wished, 0) / wishes.length;
}
// The parts of the least score: the errors are convex, so each next part goes where it lessens them most.
function best(wishes, parts, ofOne) {
  const given = wishes.map(() => 1);
  while (spent(given) < parts) {
    const gains = wishes.map((wish, place) =>
      (error(wish, given[place], ofOne) - error(wish, given[place] + 1, ofOne)) / wish.wished);
    given[gains.indexOf(Math.max(...gains))]++;
  }
  return given;
}
if (typeof module !== "undefined") module.exports = { spent, allowed, scale, error, score, best };
