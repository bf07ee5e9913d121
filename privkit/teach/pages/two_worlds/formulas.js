if (typeof module !== "undefined") Object.assign(globalThis, require("../noise.js"));
// How much more often "with you" is said in the world with you than in the one without.
function advantage(epsilon) {
  return 2 * limit(epsilon) - 1;
}
// By how much the share of right guesses is off, in so many: its standard deviation.
function luck(epsilon, guesses) {
  return Math.sqrt(limit(epsilon) * (1 - limit(epsilon)) / guesses);
}
// What the attacker says of an answer.
function saysWithYou(others, answer) {
  return answer >= others + 1;
}
if (typeof module !== "undefined") module.exports = { chance, limit, advantage, luck, noise, saysWithYou };
