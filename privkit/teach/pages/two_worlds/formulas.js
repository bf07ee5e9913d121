if (typeof module !== "undefined") Object.assign(globalThis, require("../noise.js"));
// How much more often "with you" is said in the world with you than in the one without.
function advantage(epsilon) {
  return 2 * limit(epsilon) - 1;
}
// What the attacker says of an answer.
function saysWithYou(others, answer) {
  return answer >= others + 1;
}
if (typeof module !== "undefined") module.exports = { chance, limit, advantage, noise, saysWithYou };
