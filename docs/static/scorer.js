// Search: pages that teach come before methods of results and before decisions, whose names are many and sort first.
var Scorer = {
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
  score: ([docname, title, anchor, descr, score, filename, kind]) => {
    const method = kind === "object" && /^privkit\.(?:\w+\.)?[A-Z]\w*\./.test(title);
    return method || docname.startsWith("decisions/") ? score - 15 : docname.startsWith("reference/") ? score - 1 : score;
  },
};
if (typeof module !== "undefined") module.exports = Scorer;
