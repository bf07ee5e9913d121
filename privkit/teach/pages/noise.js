// The probability that the noise of scale 1/epsilon is `by`: a discrete Laplace.
function chance(epsilon, by) {
  const decay = Math.exp(-epsilon);
  return (1 - decay) / (1 + decay) * decay ** Math.abs(by);
}
// Its standard deviation.
function deviation(epsilon) {
  const decay = Math.exp(-epsilon);
  return Math.sqrt(2 * decay) / -Math.expm1(-epsilon);
}
// The noise that a uniform number between 0 and 1 gives: its distribution function, turned around.
function noise(epsilon, uniform) {
  const decay = Math.exp(-epsilon);
  const above = uniform >= 0.5;
  const tail = above ? 1 - uniform : uniform || Number.MIN_VALUE;
  // P(X >= n) = P(X <= -n) = decay^n / (1 + decay) for n >= 1: the largest n for which it is the tail at least.
  const steps = Math.max(0, Math.floor(Math.log(tail * (1 + decay)) / -epsilon));
  return above ? steps : -steps;
}
// In what share of cases a guess between two equally likely worlds is right at most, at this loss.
function limit(epsilon) {
  return 1 / (1 + Math.exp(-epsilon));
}
if (typeof module !== "undefined") module.exports = { chance, deviation, noise, limit };
