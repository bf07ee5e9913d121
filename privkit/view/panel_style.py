"""The style sheet of the panels, beside that of all HTML outputs: the same colors, from JupyterLab's variables."""

from __future__ import annotations

from privkit.view.markup import Markup

STYLE = Markup(
    """<style>
.privkit-panel { overflow: visible; max-width: 60em; }
.privkit-panel .privkit { max-width: none; }
.privkit-panel .widget-label { color: var(--jp-content-font-color1, inherit); }
.privkit-panel button:focus-visible, .privkit-panel .noUi-handle:focus-visible, .privkit-panel input:focus-visible,
.privkit-panel select:focus-visible { outline: 2px solid var(--jp-brand-color1, #0072B2); outline-offset: 2px; }
.privkit-panel.privkit-panel .noUi-target .noUi-handle { border: 2px solid var(--jp-brand-color1, #0072B2); }
.privkit-panel .jupyter-button.mod-primary { background: #0072B2; color: #fff; }
.privkit-panel .jupyter-button:disabled { opacity: 0.6; }
.privkit .pk-drawing { display: block; width: 100%; max-width: 40em; height: auto; margin: 0.4em 0; }
.privkit .pk-drawing text { fill: currentColor; font-size: 11px; font-family: inherit; }
.privkit .pk-drawing text.pk-small { font-size: 9.5px; }
.privkit .pk-axis { stroke: currentColor; stroke-opacity: 0.45; stroke-width: 1; fill: none; }
.privkit .pk-line { stroke: #0072B2; stroke-width: 2; fill: none; }
.privkit .pk-limit { stroke: #D55E00; stroke-width: 1.5; stroke-dasharray: 5 3; fill: none; }
.privkit .pk-fill { fill: #0072B2; }
.privkit .pk-under-line { fill: #0072B2; fill-opacity: 0.14; }
.privkit .pk-pale { fill: #0072B2; fill-opacity: 0.35; }
.privkit .pk-under { fill: #D55E00; fill-opacity: 0.45; stroke: #D55E00; stroke-width: 1.5; }
.privkit .pk-scroll { max-height: 24em; overflow: auto; }
.privkit .pk-scroll th, .privkit .pk-scroll td { overflow-wrap: break-word; white-space: nowrap;
  padding-right: 0.7em; }
.privkit .pk-scroll td:nth-child(3) { white-space: normal; min-width: 9em; }
@media (forced-colors: active) {
  .privkit .pk-drawing { forced-color-adjust: none; }
  .privkit .pk-drawing text { fill: CanvasText; } .privkit .pk-axis { stroke: CanvasText; stroke-opacity: 1; }
  .privkit .pk-line { stroke: Highlight; } .privkit .pk-fill, .privkit .pk-pale { fill: Highlight; }
  .privkit .pk-under-line { fill: none; }
  .privkit .pk-limit, .privkit .pk-under { stroke: CanvasText; } .privkit .pk-under { fill: none; }
  .privkit-panel .noUi-connects { outline: 1px solid CanvasText; } }
@media (prefers-reduced-motion: reduce) {
  .privkit-panel *, .privkit * { transition: none !important; animation: none !important; } }
</style>"""
)
