if (typeof module !== "undefined") Object.assign(globalThis, require("../noise.js"));
// What the same question costs when it has been asked so many times.
function spent(epsilon, times, replayed) {
  return times === 0 ? 0 : replayed ? epsilon : times * epsilon;
}
// The standard error of the mean of so many answers.
function error(epsilon, times, replayed) {
  return deviation(epsilon) / Math.sqrt(replayed ? 1 : times);
}
function mean(answers) {
  return answers.reduce((sum, one) => sum + one, 0) / answers.length;
}
if (typeof module !== "undefined") module.exports = { deviation, limit, spent, error, mean };
