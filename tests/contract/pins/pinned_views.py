"""How values show themselves: text, HTML, frame and what a plot says, without what differs from run to run."""

from __future__ import annotations

import base64
import re
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib as mpl
from pinned_commands import commands
from pinned_landed import in_its_own_state
from pinned_values import makers

GOLDEN = Path(__file__).parents[1] / "golden"
#: The day on which this runs, and the next: a run may go on over midnight.
_DAYS = "|".join(f"{datetime.now(UTC) + timedelta(days=n):%Y-%m-%d}" for n in (0, 1))
#: What differs from run to run → what stands for it.
_FREED = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?( UTC)?"), "TIME"),
    (re.compile(rf"\b({_DAYS})\b"), "TODAY"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"Head: record (\d+), [0-9a-f]+"), r"Head: record \1, HASH"),
    (re.compile(r"'(opendp|numpy|pandas|narwhals|jupyter-privkit)': '[^']+'"), r"'\1': 'VERSION'"),
    (re.compile(r"\b(opendp|numpy|pandas|narwhals|jupyter-privkit) \d[\w.]*"), r"\1 VERSION"),
    (re.compile(r" at 0x[0-9a-f]+"), " at ADDRESS"),
)
#: The last digits of a logarithm depend on the processor.
_DIGITS = re.compile(r"\b\d+\.\d{10,}(e[-+]?\d+)?")
_SHEET = re.compile(r"<style>.*?</style>", re.DOTALL)
_PICTURE = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")
#: Where things lie in a picture whose axis is time, which is another one in each run.
_PLACES = re.compile(r'\b(points|cx|cy|x|y|d)="[^"]*"')


def shown(folder: Path | None = None) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the text of every golden file by its name, and the values that they show."""
    mpl.use("Agg")
    files: dict[str, str] = {}
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made, in_its_own_state(Path(made)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, make in makers(folder or Path(made)).items():
            try:
                found[name] = make()
                files.update(_files_of(name, found[name], made))
            except Exception as error:  # noqa: BLE001 - the others are still compared
                files[f"{name}.txt"] = f"FAILED: {type(error).__name__}: {error}\n"
        files.update({f"command_{name}.txt": _freed(text, made) for name, text in commands(Path(made)).items()})
    return files, found


def _files_of(name: str, value: Any, folder: str) -> Iterator[tuple[str, str]]:
    yield f"{name}.txt", _freed(repr(value), folder) + "\n"
    html = html_of(value)
    if html is not None:
        # The sheet of styles is the same in all of them, and pinned once.
        for number, sheet in enumerate(dict.fromkeys(_SHEET.findall(html))):
            yield f"_sheet{number or ''}.css", sheet.replace(";", ";\n").replace("}", "}\n") + "\n"
        page = _PICTURE.sub(_seen, html)
        yield f"{name}.html", _freed(_SHEET.sub("<style/>", page).replace("><", ">\n<"), folder) + "\n"
    if callable(getattr(value, "to_frame", None)):
        yield f"{name}.csv", _freed(frame_of(value), folder)
    if callable(getattr(value, "plot", None)):
        yield f"{name}.plot.txt", _freed(plot_of(value), folder)


def _seen(found: re.Match[str]) -> str:
    """Return an image as the drawing that it holds, so that pins can be read, and freed of what differs."""
    drawn = base64.b64decode(found[1]).decode()
    return _PLACES.sub(r"\1=PLACE", drawn) if " UTC" in drawn else drawn


def html_of(value: Any) -> str | None:
    """Return a value's HTML; of a panel its still picture; None where it has none."""
    if hasattr(value, "_repr_mimebundle_"):
        return re.sub(r"picture of [-\d]+ [:\d]+ UTC", "picture of TIME", value._repr_mimebundle_()["text/html"])
    return value._repr_html_() if hasattr(value, "_repr_html_") else None


def frame_of(value: Any) -> str:
    """Return the first rows of a value's frame."""
    return value.to_frame().head(12).to_csv(float_format="%.9g", lineterminator="\n")


def plot_of(value: Any) -> str:
    """Return in words what a plot shows: its texts, and the data of its lines, bars and points."""
    from matplotlib import pyplot as plt

    axes = value.plot()
    try:
        return "\n".join(line for axis in axes.figure.axes for line in _told(axis)) + "\n"
    finally:
        plt.close(axes.figure)


def _told(axes: Any) -> Iterator[str]:
    for place in ("left", "center", "right"):
        if title := axes.get_title(loc=place):
            yield f"title: {title}"
    yield f"x: {axes.get_xlabel()}"
    yield f"y: {axes.get_ylabel()}"
    legend = axes.get_legend()
    yield from () if legend is None else (f"legend: {text.get_text()}" for text in legend.get_texts())
    yield from (f"text: {text.get_text()}" for text in axes.texts if text.get_text())
    for axis in (axes.xaxis, axes.yaxis):
        if named := [text.get_text() for text in axis.get_ticklabels() if re.search("[A-Za-z]", text.get_text())]:
            yield f"ticks: {named}"
    for line in axes.lines:
        yield f"line: {_numbers(line.get_xydata())}"
    for patch in axes.patches:
        if hasattr(patch, "get_height"):
            yield f"bar: {_numbers([[patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()]])}"
    for group in axes.collections:
        yield f"{type(group).__name__}: {_numbers(group.get_offsets())}"


def _numbers(points: Any) -> str:
    return " ".join(",".join(_number(float(number)) for number in point) for point in list(points)[:60])


def _number(number: float) -> str:
    return f"{number:.6g}".replace("-0", "0") if abs(number) < 1e-12 else f"{number:.6g}"


def _freed(text: str, folder: str) -> str:
    return without_what_differs(text.replace(folder, "FOLDER").replace(str(Path(__file__).parents[1]), "HERE"))


def without_what_differs(text: str) -> str:
    """Return a text with words for what differs from run to run, and from processor to processor."""
    for pattern, stands in _FREED:
        text = pattern.sub(stands, text)
    return _DIGITS.sub(lambda found: f"{float(found[0]):.9g}", text)
