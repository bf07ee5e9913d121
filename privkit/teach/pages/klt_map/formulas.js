// The places of the rows that look alike at these levels, class by class.
function classes(rows, zip, age) {
  const found = new Map();
  rows.forEach(([zips, ages], place) => {
    const key = `${zips[zip]},${ages[age]}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(place);
  });
  return [...found].sort(([one], [other]) => one < other ? -1 : 1).map(([, places]) => places);
}
const secret = (rows, place) => rows[place][2];
function different(rows, places) {
  return new Set(places.map((place) => secret(rows, place))).size;
}
// Half of the sum by which the shares of the secrets in a class differ from those in the table.
function distance(rows, places) {
  const shares = new Map();
  rows.forEach((_, place) => shares.set(secret(rows, place), (shares.get(secret(rows, place)) ?? 0) - 1 / rows.length));
  for (const place of places) shares.set(secret(rows, place), shares.get(secret(rows, place)) + 1 / places.length);
  return [...shares.values()].reduce((sum, one) => sum + Math.abs(one), 0) / 2;
}
// k, l and t, and how many rows are in a class of one secret.
function figures(rows, zip, age) {
  const all = classes(rows, zip, age);
  return {
    k: Math.min(...all.map((places) => places.length)),
    l: Math.min(...all.map((places) => different(rows, places))),
    t: Math.max(...all.map((places) => distance(rows, places))),
    out: all.filter((places) => different(rows, places) === 1).reduce((sum, places) => sum + places.length, 0),
  };
}
if (typeof module !== "undefined") module.exports = { classes, different, distance, figures };
