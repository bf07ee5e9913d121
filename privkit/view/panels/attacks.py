"""Live panels of attacks: whom they find beside controls, and a model's members at the false alarms that may be.

Exact figures of members and controls, for the owner's eyes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ipywidgets import HTML, Dropdown, HBox, SelectionSlider

from privkit.attacks.claims import SIZE, AttackParts, words_of
from privkit.attacks.models.report import ModelAttackReport
from privkit.attacks.releases import ReleaseAttackReport
from privkit.attacks.tables import AttackReport
from privkit.risk.attackers import Rate
from privkit.values.frozen import Frozen
from privkit.values.show import changed
from privkit.view import text
from privkit.view.html import block
from privkit.view.panels.base import (
    SLIDER,
    STYLE,
    WIDTH,
    WRAPPED,
    Panel,
    at,
    box,
    drawing,
    inserted,
    line,
    panel,
    words,
)
from privkit.view.parts.markup import Markup, card, note
from privkit.view.parts.sheet import Table, sheet_of
from privkit.view.parts.words import label, number, percent, plural
from privkit.view.sheets.attacked_models import compared_table

#: Confidences of intervals, and shares of others that may be named wrongly, of the sliders.
_SURE = (0.8, 0.9, 0.95, 0.99, 0.999)
_ALARMS = tuple(Fraction(one, 1000) for one in (1, 2, 5, 10, 20, 50, 100, 200, 500))
#: More names than this have no room for two bars each.
_DRAWN = 6
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, WIDTH - 12, 26, 150
#: How wide a small letter is, about.
_LETTER = 5.4
#: Points of a curve.
_POINTS = 40
_FIELD: dict[str, Any] = {"style": {"description_width": "7em"}, "layout": SLIDER}


class Chosen(Panel):
    """A panel whose fields choose what its picture shows."""

    _picture: HTML

    def _choose(self, **values: Any) -> None:
        """Set those fields, by their names, that a value is given for."""
        with self.calm(self._picture):
            for name, value in values.items():
                if value is not None:
                    getattr(self, name).value = value

    def still(self) -> str:
        """Return the picture as it is now."""
        return str(self._picture.value)


class FoundPanel(Chosen):
    """Whom attacks find, beside controls: by attack, by how many are alike, by group; at a confidence that you choose.

    Parameters
    ----------
    value : AttackReport, ReleaseAttackReport or AttackParts

    Attributes
    ----------
    shown_ : AttackReport, ReleaseAttackReport or AttackParts
        What is shown, with intervals at the confidence that is chosen.
    """

    def __init__(self, value: AttackReport | ReleaseAttackReport | AttackParts) -> None:
        self._first = self.shown_ = value
        self._picture = HTML()
        sure = [(percent(one), one) for one in _SURE]
        self.confidence = SelectionSlider(options=sure, value=0.95, description="confidence", **_FIELD)
        self.by = Dropdown(options=_views(value), description="show", **_FIELD)
        attacks = [] if isinstance(value, AttackParts) else [(words_of(name), name) for name in value]
        self.attack = Dropdown(options=attacks, description="attack", **_FIELD)
        parted = len(self.by.options) > 1
        super().__init__(
            [HBox([*([self.by, self.attack] if parted else []), self.confidence], layout=WRAPPED), self._picture]
        )
        for field in (self.confidence, self.by, self.attack):
            field.observe(lambda _: self._draw(), "value")
        self._draw()

    def show(self, attack: str | None = None, by: str | None = None, confidence: float | None = None) -> None:
        """Show an attack's finds by the column `by`, "people alike" or "" (all attacks); at another confidence."""
        self._choose(attack=attack, by=by, confidence=confidence)

    def _draw(self) -> None:
        with self.calm(self._picture):
            value: Any = self._first
            self.attack.layout.display = "" if self.by.value else "none"
            if self.by.value:
                value = value._parts(self.attack.value, self.by.value)
            self.shown_ = _sure(value, self.confidence.value)
            self._picture.value = str(_picture(self.shown_))

    def words(self) -> str:
        """Return the text of what is shown, at its confidence."""
        told = f"Intervals hold with {percent(self.confidence.value)} confidence, each for itself."
        return inserted(text.render(self.shown_, at(".shown_")), [told])


for kind in (AttackReport, ReleaseAttackReport, AttackParts):
    panel.register(kind, FoundPanel)


def _views(value: AttackReport | ReleaseAttackReport | AttackParts) -> list[tuple[str, str]]:
    """Return what can be shown: all attacks; and one by its parts, where parts are known."""
    views = [("all attacks", "")]
    if isinstance(value, AttackReport) and value.n_control:
        views += [(f"by {label(one, 28)}", one) for one in (SIZE, value.by) if one]
    return views


def _sure(value: Any, confidence: float) -> Any:
    """Return a report, or parts, with intervals at another confidence."""
    if isinstance(value, AttackParts):
        return replace(value, parts=tuple(_at(one, confidence) for one in value.parts))
    return changed(value, attacks=Frozen({name: _at(one, confidence) for name, one in value.items()}))


def _at(found: Any, confidence: float) -> Any:
    rates = {
        name: replace(rate, confidence=confidence)
        for name in ("rate", "control", "baseline")
        if isinstance(rate := getattr(found, name, None), Rate)
    }
    planted = getattr(found, "planted", None)
    more = {} if planted is None else {"planted": {share: _at(one, confidence) for share, one in planted.items()}}
    return replace(found, **rates, **more)


def _picture(value: Any) -> Markup:
    """Return the answer, members beside controls or chance as bars, and the table."""
    told, others, left = sheet_of(value), "controls", 0
    assert told is not None
    if isinstance(value, AttackParts):
        drawn = sorted(value.parts, key=lambda one: -one.interval[0])[:_DRAWN]
        rows = [(one.name, one.rate, one.control) for one in value.parts if one in drawn]
        left = len(value.parts) - len(rows)
    else:
        rows = [(words_of(name), one.rate, one.control or one.baseline) for name, one in value.items()]
        others = "controls" if all(one.control for one in value.values()) else "chance"
    tables = [block(one) for one in told.blocks if isinstance(one, Table)]
    more = note(f"Drawn are the {len(rows)} that are found most surely; {plural(left, 'part')} more in the table.")
    shown = pairs([(name, one.observed, other.observed) for name, one, other in rows], others)
    return card(told.answer, STYLE, shown, more if left else None, *tables, exact=True)


def pairs(rows: Sequence[tuple[str, float, float]], others: str) -> Markup:
    """Return two bars for each name: the share found of members, and beside it, pale, of others."""
    top = max([0.01, *(share for _, *shares in rows for share in shares)])
    wide = (_RIGHT - _LEFT) / max(len(rows), 1)
    each = min(wide * 0.38, 40.0)
    shapes = [line("pk-axis", (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM))]
    for place, (name, *shares) in enumerate(rows):
        middle = _LEFT + (place + 0.5) * wide
        for kind, share, left in (("pk-fill", shares[0], middle - each - 1), ("pk-pale", shares[1], middle + 1)):
            tall = share / top * (_BOTTOM - _TOP)
            shapes += [
                box(kind, left, _BOTTOM - tall, each, tall),
                words(left + each / 2, _BOTTOM - tall - 3, percent(share), small=True),
            ]
        shapes.append(words(middle, _BOTTOM + 14, label(name, max(int(wide / _LETTER), 4)), small=True))
    shapes.append(words(WIDTH / 2, _BOTTOM + 30, f"found of members, and (pale) of {others}"))
    told = ", ".join(f"{label(name, 28)} {percent(one)} against {percent(other)}" for name, one, other in rows)
    return drawing(f"Found of members against {others}: {told}", *shapes, height=_BOTTOM + 36)


class ModelPanel(Chosen):
    """How many of a model's members are found, at the share of others that may be named wrongly; repairs beside it.

    Parameters
    ----------
    report : ModelAttackReport

    Attributes
    ----------
    report : ModelAttackReport
    alarms_ : Fraction
        The share of others that may be named wrongly.
    """

    def __init__(self, report: ModelAttackReport) -> None:
        self.report, self.alarms_ = report, Fraction(1, 100)
        self._models = {"as it is": report, **report.repairs}
        self._found: dict[str, list[float]] = {}
        self._picture = HTML()
        alarms = [(percent(float(one)), one) for one in _ALARMS]
        self.alarms = SelectionSlider(options=alarms, value=self.alarms_, description="false alarms", **_FIELD)
        models = [(label(name, 28), name) for name in self._models]
        self.model = Dropdown(options=models, description="model", **_FIELD)
        fields = [self.alarms, *([self.model] if report.repairs else [])]
        super().__init__([HBox(fields, layout=WRAPPED), self._picture])
        for field in fields:
            field.observe(lambda _: self._draw(), "value")
        self._draw()

    def show(self, alarms: Fraction | None = None, model: str | None = None) -> None:
        """Allow another share of false alarms, of those of the slider; or look at another model."""
        self._choose(alarms=alarms, model=model)

    def _draw(self) -> None:
        with self.calm(self._picture):
            self.alarms_ = self.alarms.value
            table = block(compared_table(self.report, self.alarms_))
            self._picture.value = str(card(self._told(), STYLE, self._curve(), table, exact=True))

    def _curve(self) -> Markup:
        name = self.model.value
        if name not in self._found:  # all of it, which no slider moves
            self._found[name] = found_along(self._models[name])
        return curve(self._models[name], self._found[name], self.alarms_)

    def _told(self) -> str:
        one = self._models[self.model.value].found_at(self.alarms_)
        low, high = one.interval
        return (
            f"Where {percent(float(self.alarms_))} of others may be named wrongly, {percent(one.rate.observed)} of "
            f"members are found, and {percent(one.control.observed)} of others: {percent(one.excess)} more "
            f"({percent(low)} to {percent(high)})."
        )

    def words(self) -> str:
        """Return the report's text, and what is found at the false alarms that are shown."""
        name = "" if not self.report.repairs else f"{label(self.model.value)}: "
        return inserted(text.render(self.report, at(".report")), [name + self._told()])


panel.register(ModelAttackReport, ModelPanel)


#: The shares of others that a curve is drawn along, by powers of ten from the least that the slider has.
_LEAST = math.log10(float(_ALARMS[0]))
_SHARES = [10 ** (_LEAST * (1 - step / _POINTS)) for step in range(_POINTS + 1)]


def found_along(report: ModelAttackReport) -> list[float]:
    """Return the share of members that is found at each of `_SHARES`; where all may be named, all are."""
    allowed = [Fraction(share).limit_denominator(10_000) for share in _SHARES[:-1]]
    return [*(report.found_at(share).rate.observed for share in allowed), 1.0]


def curve(report: ModelAttackReport, found: Sequence[float], alarms: Fraction) -> Markup:
    """Return how many members are found by how many others are named wrongly, and where one stands. By powers of ten.

    The pale line is a coin's: as many of members as of others.
    """

    def place(share: float, found: float) -> tuple[float, float]:
        across = 1 - math.log10(share) / _LEAST
        return _LEFT + across * (_RIGHT - _LEFT), _BOTTOM - found * (_BOTTOM - _TOP)

    limit = place(float(alarms), 0.0)[0]
    ticks = [words(place(share, 0.0)[0], _BOTTOM + 14, percent(share), small=True) for share in (0.001, 0.01, 0.1)]
    told = f"{percent(report.found_at(alarms).rate.observed)} of members at {percent(float(alarms))} of others"
    return drawing(
        f"Members found by false alarms: {told}",
        line("pk-axis", (_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)),
        line("pk-axis", *(place(share, share) for share in _SHARES)),
        line("pk-limit", (limit, _TOP - 8), (limit, _BOTTOM)),
        line("pk-line", *(place(share, one) for share, one in zip(_SHARES, found, strict=True))),
        *ticks,
        *(words(_LEFT - 4, place(1.0, one)[1] + 3, percent(one), "end", small=True) for one in (0.5, 1.0)),
        words(WIDTH / 2, _BOTTOM + 30, f"others named wrongly; above it members found ({number(report.n_attacked)})"),
        height=_BOTTOM + 36,
    )
