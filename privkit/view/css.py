"""The style sheet of every HTML output: JupyterLab's colors, with fallbacks where there is no JupyterLab.

Text inherits its color and nothing has a background of its own, so an output reads on light and dark pages,
and plain HTML without the sheet (GitHub drops it) still reads as headings and tables.
"""

CSS = """
.privkit { color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, system-ui, sans-serif);
  font-size: var(--jp-content-font-size1, 14px); line-height: 1.45; max-width: 46em; margin: 0.3em 0; }
.privkit p { margin: 0.3em 0; overflow-wrap: anywhere; }
.privkit .pk-title { font-size: 1.1em; }
.privkit table { border-collapse: collapse; margin: 0.5em 0; width: auto; max-width: 100%; background: transparent;
  color: inherit; font-size: inherit; }
.privkit caption { caption-side: top; text-align: left; padding: 0.2em 0;
  color: var(--jp-content-font-color2, inherit); }
.privkit th, .privkit td { padding: 0.2em 0.8em 0.2em 0; text-align: right; vertical-align: middle;
  border: 0; background: transparent;
  border-bottom: 1px solid var(--jp-border-color2, rgba(128, 128, 128, 0.35)); font-variant-numeric: tabular-nums;
  overflow-wrap: break-word; color: inherit; max-width: 24em; }
.privkit thead th { font-weight: 600; }
.privkit tbody th { font-weight: 400; }
.privkit.privkit th:first-child { text-align: left; }
.privkit .pk-meter { width: 10em; height: 0.75em;
  border: 1px solid var(--jp-border-color1, rgba(128, 128, 128, 0.6)); }
.privkit .pk-bar { height: 100%; background: #0072B2; }
.privkit .pk-bar.pk-short {
  background: repeating-linear-gradient(45deg, #D55E00 0 4px, rgba(213, 94, 0, 0.55) 4px 7px); }
.privkit .pk-range { display: flex; width: 14em; height: 0.75em; }
.privkit .pk-band { opacity: 0.45; box-sizing: border-box; }
.privkit .pk-value { opacity: 0.6; min-width: 2px;
  border-right: 2px solid var(--jp-content-font-color1, currentColor); }
.privkit .pk-budget { display: flex; width: 100%; max-width: 30em; height: 1em; }
.privkit .pk-held { background: repeating-linear-gradient(45deg, #E69F00 0 4px, rgba(230, 159, 0, 0.5) 4px 7px); }
.privkit .pk-swatch { display: inline-block; box-sizing: border-box; width: 0.8em; height: 0.8em;
  margin: 0 0.35em 0 0.3em; vertical-align: -0.05em;
  border: 1px solid var(--jp-border-color1, rgba(128, 128, 128, 0.6)); }
.privkit.privkit .pk-facts th, .privkit.privkit .pk-facts td { text-align: left; }
.privkit .pk-whole { white-space: nowrap; }
.privkit summary { cursor: pointer; }
.privkit .pk-badge { display: inline-block; white-space: nowrap;
  padding: 0 0.5em; border: 1px solid currentColor; border-radius: 0.2em; }
.privkit .pk-met span { color: #009E73; font-weight: 700; }
.privkit .pk-unmet span { color: #D55E00; font-weight: 700; }
.privkit .pk-note { font-size: 0.85em; color: var(--jp-content-font-color2, inherit); }
.privkit code { background: transparent; color: inherit; font-family: var(--jp-code-font-family, monospace); }
.privkit .pk-ends { display: flex; align-items: center; gap: 0.6em; font-variant-numeric: tabular-nums; }
.privkit .pk-ends .pk-range { width: 9em; }
@media (forced-colors: active) {
  .privkit .pk-bar, .privkit .pk-swatch { forced-color-adjust: none; border-color: CanvasText; }
  .privkit .pk-bar { background: Highlight; }
  .privkit .pk-bar.pk-short, .privkit .pk-bar.pk-held {
    background: repeating-linear-gradient(45deg, CanvasText 0 3px, Canvas 3px 6px); }
  .privkit .pk-met span, .privkit .pk-unmet span { color: CanvasText; } }
"""
