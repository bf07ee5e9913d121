if (typeof module !== "undefined") Object.assign(globalThis, require("../noise.js"));
function total(values, upper) {
  return values.reduce((sum, one) => sum + Math.min(one, upper), 0);
}
// By how much the total is too small: what lies above the bound.
function bias(values, upper) {
  return values.reduce((sum, one) => sum + Math.max(0, one - upper), 0);
}
function clipped(values, upper) {
  return values.filter((one) => one > upper).length;
}
// The scale of the noise: one student moves the total by the bound at most.
function scale(upper, epsilon) {
  return upper / epsilon;
}
function spread(upper, epsilon) {
  return deviation(1 / scale(upper, epsilon));
}
// The root of the mean square of both.
function error(values, upper, epsilon) {
  return Math.hypot(bias(values, upper), spread(upper, epsilon));
}
// The bound of the least error among those that can be chosen.
function best(values, uppers, epsilon) {
  return uppers.reduce((found, one) => error(values, one, epsilon) < error(values, found, epsilon) ? one : found);
}
if (typeof module !== "undefined") module.exports = { total, bias, clipped, scale, spread, error, best };
