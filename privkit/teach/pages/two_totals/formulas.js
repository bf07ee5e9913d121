if (typeof module !== "undefined") Object.assign(globalThis, require("../noise.js"));
// The total of everybody, and the one without who has left.
function totals(values, left) {
  const every = values.reduce((sum, one) => sum + one, 0);
  return [every, every - values[left]];
}
// The scale of the noise of one total: somebody moves it by `most` at most.
function scale(most, epsilon) {
  return most / epsilon;
}
// The standard deviation of the difference of two noisy totals.
function spread(most, epsilon) {
  return Math.SQRT2 * deviation(1 / scale(most, epsilon));
}
// The probability that the noise of both makes the difference err by `by`.
function differs(most, epsilon, by) {
  const decay = Math.exp(-1 / scale(most, epsilon)), square = decay * decay, far = Math.abs(by);
  return ((1 - decay) / (1 + decay)) ** 2 * decay ** far * (far + (1 + square) / (1 - square));
}
// The probability that it errs by that much at most.
function within(most, epsilon, by) {
  let sum = 0;
  for (let one = -by; one <= by; one++) sum += differs(most, epsilon, one);
  return sum;
}
// What both totals cost whoever is in both.
function spent(epsilon) {
  return 2 * epsilon;
}
if (typeof module !== "undefined") module.exports = { limit, totals, scale, spread, differs, within, spent };
