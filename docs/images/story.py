"""Draw ``docs/images/story.gif``, the moving picture of the README: from a raw table to published numbers and a budget.

Each frame is a call and what it shows, as a notebook shows it; nothing is drawn by hand. It wants Chromium:
``python docs/images/story.py``.
"""

from __future__ import annotations

import html
import io
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd
from PIL import Image
from playwright.sync_api import sync_playwright

import privkit as pk

WIDTH, HEIGHT, SECONDS = 720, 480, 3.2
FILE = Path(__file__).with_name("story.gif")
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 22px 30px; font: 15px/1.45 system-ui, sans-serif; background: #fff; color: #1a1a1a; }}
h1 {{ font-size: 21px; margin: 0 0 10px; font-weight: 600; }}
pre {{ background: #f4f5f7; border-left: 4px solid #0072b2; padding: 9px 12px; margin: 0 0 14px;
  font: 14px ui-monospace, monospace; white-space: pre-wrap; }}
table {{ border-collapse: collapse; }} th, td {{ padding: 3px 10px; text-align: right; }} img {{ max-height: 330px; }}
</style><h1>{title}</h1><pre>{code}</pre>{shown}"""


def scenes() -> list[tuple[str, str, object]]:
    """Return a title, the code, and what it shows, of each frame."""
    df = pk.example("insights")
    people = df[["zip", "age", "plan", "churned"]]
    project = pk.open_project("story", epsilon=1.0, unit=pk.ROW)
    project.public(age=(18, 100), plan=["basic", "plus", "premium", "prepaid"])
    out = people.privacy.anonymize(["zip", "age"], k=5, suppress=0.02)
    count = df.privacy.dp_count("plan", epsilon=0.3)
    mean = df.privacy.dp_mean("age", "plan", epsilon=0.4)
    return [
        ("A table about people. The names are gone.", "people.head(6)", people.head(6)),
        ("Is anybody found all the same?", 'people.privacy.kanon(["zip", "age"], k=5)',
         people.privacy.kanon(["zip", "age"], k=5)),
        ("Change it until five look alike.", 'out = people.privacy.anonymize(["zip", "age"], k=5, suppress=0.02)', out),
        ("Attack it, before others do.", "out.attack()", out.attack()),
        ("Or publish numbers, with noise that hides each person.", 'df.privacy.dp_count("plan", epsilon=0.3)', count),
        ("Each says how far off it may be.", 'df.privacy.dp_mean("age", "plan", epsilon=0.4)', mean),
        ("One budget, which outlives the notebook.", "project", project),
    ]  # fmt: skip


def shown(value: object) -> str:
    """Return what a notebook shows of a value."""
    return value.to_html(border=0) if isinstance(value, pd.DataFrame) else value._repr_html_()  # type: ignore[attr-defined]


def main() -> None:
    """Write the picture."""
    os.environ["PRIVKIT_STATE_DIR"] = tempfile.mkdtemp()
    os.chdir(tempfile.mkdtemp())
    frames = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for title, code, value in scenes():
            page.set_content(PAGE.format(title=html.escape(title), code=html.escape(code), shown=shown(value)))
            frames.append(
                Image.open(io.BytesIO(page.screenshot())).convert("P", palette=Image.Palette.ADAPTIVE, colors=96)
            )
        browser.close()
    frames[0].save(FILE, save_all=True, append_images=frames[1:], duration=int(SECONDS * 1000), loop=0, optimize=True)


if __name__ == "__main__":
    main()
