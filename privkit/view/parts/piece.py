"""A piece's page in a sandboxed frame, and its still picture: the one HTML of ours that runs scripts, or shows images.

The frame has an origin of its own, and may run scripts and nothing else. What is drawn by hand here are tags whose
every attribute is escaped or ours; `markup.tag` allows neither.
"""

from __future__ import annotations

from base64 import b64encode

from privkit.view.parts.markup import Markup, esc

#: For which width a page's height is told, in CSS pixels, by how many it grows with each that the frame is narrower.
_WIDTH, _GROWS = 500, 0.75
#: The picture stands where scripts do not run. A frame asks the system alone whether it is dark: where the switch of a
#: notebook, or of the pages, says otherwise, its colors are turned round.
_CSS = """<style>
@media (scripting: enabled) { .privkit div:has(> iframe) + img { display: none; } }
@media (scripting: none) { .privkit div:has(> iframe) { display: none; } }
@media (prefers-color-scheme: light) { :is([data-jp-theme-light="false"], [data-theme="dark"]) .privkit iframe {
  filter: invert(0.93) hue-rotate(180deg); } }
@media (prefers-color-scheme: dark) { :is([data-jp-theme-light="true"], [data-theme="light"]) .privkit iframe {
  filter: invert(1) hue-rotate(180deg) brightness(1.08); } }
</style>"""


def frame(page: str, title: str, height: int) -> Markup:
    """Return a page in a frame, which a reader of no scripts leaves out.

    A frame is not told how high its page is. Text wraps where it is narrow, so there it is higher.
    """
    told = {"title": title, "sandbox": "allow-scripts", "width": "100%", "height": height, "frameborder": 0}
    grown = f"height: calc({height}px + {_GROWS} * max(0px, {_WIDTH}px - 100cqw))"
    shown = f"<iframe{_attributes({**told, 'style': grown, 'srcdoc': page})}></iframe>"
    return Markup(f'{_CSS}<div style="container-type: inline-size">{shown}</div>')


def picture(svg: str, sentence: str, width: int) -> Markup:
    """Return a picture that stands where frames are dropped, with what it shows in words.

    An image and no element of its own: in a notebook that is not trusted JupyterLab keeps images, and drops SVG.
    """
    data = b64encode(svg.encode()).decode()
    return Markup(f"<img{_attributes({'src': f'data:image/svg+xml;base64,{data}', 'alt': sentence, 'width': width})}>")


def _attributes(told: dict[str, object]) -> str:
    return "".join(f' {name}="{esc(str(value))}"' for name, value in told.items())
