// Whom the facts that are known of a student fit, the student too.
function fitting(rows, who, facts) {
  return rows.map((row, place) => place).filter((place) => facts.every((fact) => rows[place][fact] === rows[who][fact]));
}
// The sizes of the classes of students whom these facts do not tell apart.
function classes(rows, facts) {
  const sizes = new Map();
  for (const row of rows) {
    const key = facts.map((fact) => row[fact]).join();
    sizes.set(key, (sizes.get(key) ?? 0) + 1);
  }
  return [...sizes.values()];
}
// The size of the smallest class.
function smallest(rows, facts) {
  return Math.min(...classes(rows, facts));
}
// How many students are in a class of their own.
function alone(rows, facts) {
  return classes(rows, facts).filter((size) => size === 1).length;
}
if (typeof module !== "undefined") module.exports = { fitting, classes, smallest, alone };
