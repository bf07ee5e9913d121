// How probable it is that a student says yes.
function saysYes(truth) {
  return 0.5 * (truth ? 1 : 0) + 0.5 * 0.5;
}
// What one answer costs at most.
function epsilon() {
  return Math.log(saysYes(true) / saysYes(false));
}
// How many times the truth is yes, estimated by how many of all said so: right on average.
function estimate(said, size) {
  return (said - size * saysYes(false)) / (saysYes(true) - saysYes(false));
}
// The standard error of the estimate.
function error(size) {
  return Math.sqrt(size * saysYes(true) * saysYes(false)) / (saysYes(true) - saysYes(false));
}
if (typeof module !== "undefined") module.exports = { saysYes, epsilon, estimate, error };
