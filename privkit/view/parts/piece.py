"""A piece's page in a sandboxed frame, and its still picture: the one HTML of ours that runs scripts, or shows images.

The frame has an origin of its own, and may run scripts and nothing else. What is drawn by hand here are two tags whose
every attribute is escaped; `markup.tag` allows neither.
"""

from __future__ import annotations

from base64 import b64encode

from privkit.view.parts.markup import Markup, esc


def frame(page: str, title: str, height: int) -> Markup:
    """Return a page in a frame, which a reader of no scripts leaves out."""
    told = {"title": title, "sandbox": "allow-scripts", "width": "100%", "height": height, "frameborder": 0}
    return Markup(f"<iframe{_attributes({**told, 'srcdoc': page})}></iframe>")


def picture(svg: str, sentence: str, width: int) -> Markup:
    """Return a picture that stands where frames are dropped, with what it shows in words.

    An image and no element of its own: in a notebook that is not trusted JupyterLab keeps images, and drops SVG.
    """
    data = b64encode(svg.encode()).decode()
    return Markup(f"<img{_attributes({'src': f'data:image/svg+xml;base64,{data}', 'alt': sentence, 'width': width})}>")


def _attributes(told: dict[str, object]) -> str:
    return "".join(f' {name}="{esc(str(value))}"' for name, value in told.items())
