// What scrolls sideways can be reached by keyboard, side bars have names, and headings of the contents say of which level they are.
document.addEventListener("DOMContentLoaded", () => {
  for (const one of document.querySelectorAll("[role=heading]:not([aria-level])")) one.setAttribute("aria-level", "2");
  for (const [bar, name] of [[".sidebar-drawer", "Pages"], [".toc-drawer", "On this page"]]) document.querySelector(bar)?.setAttribute("aria-label", name);
  const mark = () => {
    for (const one of document.querySelectorAll(".highlight pre, .table-wrapper, .cell_output, .cell_output > *, .shown, .chart")) {
      if (one.scrollWidth > one.clientWidth + 1 && !one.hasAttribute("tabindex")) {
        one.tabIndex = 0;
        one.setAttribute("role", "group");
        one.setAttribute("aria-label", "scrolls sideways");
      }
    }
  };
  mark();
  addEventListener("resize", mark);
});
