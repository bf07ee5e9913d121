// What scrolls sideways can be reached by keyboard, and headings of the contents say of which level they are.
document.addEventListener("DOMContentLoaded", () => {
  for (const one of document.querySelectorAll("[role=heading]:not([aria-level])")) one.setAttribute("aria-level", "2");
  const mark = () => {
    for (const one of document.querySelectorAll(".highlight pre, .table-wrapper, .cell_output, .cell_output > *, .shown, .chart")) {
      if (one.scrollWidth > one.clientWidth + 1 && !one.hasAttribute("tabindex")) {
        one.tabIndex = 0;
        one.setAttribute("role", "region");
        one.setAttribute("aria-label", "scrolls sideways");
      }
    }
  };
  mark();
  addEventListener("resize", mark);
});
