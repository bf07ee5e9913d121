"""A panel in which a question takes shape: what is asked, of what, by what; its price, its error, and what is left.

Plans and prices are those of ``df.privacy.plan``: the panel types the call, and shows it.
"""

from __future__ import annotations

import math
from typing import Any

from ipywidgets import HTML, Dropdown, HBox, SelectionSlider, Text

from privkit.dp.plan import Plan
from privkit.errors import ParameterError, PrivkitError
from privkit.project.dp import plan as plans
from privkit.project.project import Project
from privkit.tally.frame import names_of, open_frame
from privkit.values.show import printable
from privkit.view import text
from privkit.view.panels.base import FULL, STYLE, WRAPPED, inserted, refused
from privkit.view.panels.dp import picture, supposed
from privkit.view.panels.source import Source, typed
from privkit.view.panels.spending import Spending, beside, plain, round_steps
from privkit.view.parts.markup import Markup, card, join, tag
from privkit.view.parts.words import amount, label
from privkit.view.sheets.released.plans import left_after, stands

#: What can be asked, by the name of its call; those of a column need bounds.
_STATISTICS = {
    "how many rows": "dp_count",
    "the sum": "dp_sum",
    "the mean": "dp_mean",
    "the median": "dp_median",
    "the standard deviation": "dp_std",
}
_ALONE = {"dp_count"}
_STYLE = {"description_width": "10em"}
_LAYOUT = {"width": "30em", "max_width": FULL}
#: The prices of the slider: 1, 2, 5 of so many powers of ten below what is left.
_DECADES = 4


class QuestionPanel(Spending):
    """Shape a question, and see what it costs, how far off it will be, and what is left after it. That is free.

    No row is read, and nothing is spent, until "Release" is pressed and confirmed. Where the project answered the same
    question before, all rows are read for their fingerprint, as any plan does.

    Parameters
    ----------
    data : dataframe
    project : Project
        The project that would pay.

    Attributes
    ----------
    plan : Plan or None
        The plan of what stands in the fields; None while they make no question.
    release_ : Release or None
        What was released last.
    """

    def __init__(self, data: object, project: Project) -> None:
        self._data, self.project, self._source = data, project, Source.here()
        self.plan: Plan | None = None
        self._refused: PrivkitError | None = None
        columns = [(label(name, 28), name) for name in names_of(open_frame(data))]
        self.statistic = self._field(Dropdown(options=_STATISTICS, description="ask for"))
        self.column = self._field(Dropdown(options=columns, description="of the column"))
        self.low = self._field(Text(description="at least", placeholder="public lower bound"))
        self.high = self._field(Text(description="at most", placeholder="public upper bound"))
        self.by = self._field(Dropdown(options=[("(one answer)", None), *columns], index=0, description="by"))
        self.groups = self._field(Text(description="public groups", placeholder="a, b, c"))
        self.most = self._field(Text(description="rows of a person", placeholder="at most, public"))
        self.rows = self._field(Text(description="rows in a group", placeholder="publicly known, for the error"))
        prices = steps(float(project.remaining.main))
        self.price = self._field(
            SelectionSlider(options=prices, value=prices[max(len(prices) - 4, 0)], description=self._symbol)
        )
        self.price_number = self._field(Text(value=self.price.value, description=f"{self._symbol} ="))
        self.suppose = self._field(Text(description="suppose it is", placeholder="an answer, known or invented"))
        self._picture, buttons = HTML(), self.buttons()
        fields = [self.statistic, self.column, HBox([self.low, self.high], layout=WRAPPED)]
        fields += [self.by, self.groups, self.most, self.rows, self.price, self.price_number, self.suppose]
        super().__init__([*fields, self._picture, buttons, self._status, self._result])
        self.price.observe(self._stepped, "value")
        asked = [self.statistic, self.column, self.low, self.high, self.by, self.groups, self.most, self.rows]
        for field in (*asked, self.price_number, self.suppose):
            field.observe(lambda _: self._shape(), "value")
        self._shape()

    @property
    def _symbol(self) -> str:
        return self.project.budget.measure.symbol

    def _field(self, field: Any) -> Any:
        field.style, field.layout, field.continuous_update = _STYLE, _LAYOUT, False
        return field

    def _stepped(self, change: Any) -> None:
        self.price_number.value = change.new

    # -- the question ----------------------------------------------------------------------------------------------

    def _spelled(self) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of the call that the fields spell."""
        alone = self.statistic.value in _ALONE
        first = [] if alone else [self.column.value]
        bounds = [self.low.value.strip(), self.high.value.strip()]
        named: dict[str, Any] = {}
        if not alone and any(bounds):
            named["bounds"] = tuple(_number("bounds", one) for one in bounds)
        if self.by.value is not None:
            named["by"] = self.by.value
            if self.groups.value.strip():
                named["keys"] = self._keys()
        if not self.project.unit.is_row and self.most.value.strip():
            named["max_rows"] = _number("max_rows", self.most.value)
        named["rho" if self._symbol == "ρ" else "epsilon"] = _number("the price", self.price_number.value)
        return first, named

    def _keys(self) -> list[Any]:
        """Return the groups that are named: numbers where the column holds numbers."""
        found = [one.strip() for one in self.groups.value.split(",") if one.strip()]
        dtype = open_frame(self._data).collect_schema()[self.by.value]
        return [_number("keys", one) for one in found] if dtype.is_numeric() else list(dict.fromkeys(found))

    def call(self) -> str:
        """Return the call that asks the same, as one types it; empty while the fields make no question."""
        if self.plan is None:
            return ""
        first, named = self._spelled()
        told = [*map(repr, first), *(f"{name}={value!r}" for name, value in named.items())]
        return printable(f"{self._source.frame or 'df'}.privacy.{self.statistic.value}({', '.join(told)})")

    def _shape(self) -> None:
        """Plan what the fields say. Reads no row; what is refused is told, and nothing can be released."""
        if self.price_number.value != self.price.value and self.price_number.value in self.price.options:
            self.price.value = self.price_number.value
        before, self.plan, self._refused = self.plan, None, None
        with self.calm(self._picture):
            try:
                first, named = self._spelled()
                rows = {"assume_rows": _number("assume_rows", self.rows.value)} if self.rows.value.strip() else {}
                self.plan = getattr(plans, self.statistic.value)(
                    self._data, *first, **named, **rows, project=self.project
                )
            except PrivkitError as error:
                self._refused = error
            self._fitting()
            self._draw()
        if not (self._asked and self.plan is not None and self.plan == before):  # what is asked about is still that
            self._withdraw("")

    def _fitting(self) -> None:
        """Show the fields that this question has."""
        alone, grouped = self.statistic.value in _ALONE, self.by.value is not None
        for field, needed in (
            (self.column, not alone), (self.low, not alone), (self.high, not alone), (self.groups, grouped),
            (self.rows, not alone), (self.most, not self.project.unit.is_row),
        ):  # fmt: skip
            field.layout.display = "" if needed else "none"

    def _draw(self) -> None:
        if self.plan is None:
            told = refused(self._refused) if self._refused is not None else Markup("")
            self._picture.value = str(join([STYLE, told]))
            return
        plan = self.plan
        shown = picture(plan, plan, beside(plan, supposed(self.suppose.value)))
        code = card("The same as code", typed(self.call()))
        found = plan.standing
        after = [tag("p", line) for line in (left_after(plan, plan.left, found), stands(found)) if line]
        self._picture.value = str(join([shown, card("After it", *after), code]))

    def words(self) -> str:
        """Return the plan's text with the code that asks the same, or that of what was released."""
        return super().words()

    def _unreleased(self) -> str:
        if self.plan is None:
            return str(self._refused)
        return inserted(text.render(self.plan, lambda _: [self.call()]), [f"Shown at {amount(self.plan.loss)}."])


def steps(left: float) -> list[str]:
    """Return the prices of a slider: 1, 2 and 5 of each power of ten, up to what is left, and that.

    Examples
    --------
    >>> steps(1.5)[-5:], steps(0)[:3]
    (['0.1', '0.2', '0.5', '1', '1.5'], ['0.0001', '0.0002', '0.0005'])
    """
    end = left if left > 0 else 1.0
    within = [plain(one) for one in round_steps(10.0 ** (math.floor(math.log10(end)) - _DECADES), end)]
    return within if plain(end) in within else [*within, plain(end)]


def _number(argument: str, text: str) -> float | int:
    """Return the number that stands in a field.

    Raises
    ------
    ParameterError
        Without the text: it may be a value.
    """
    found = supposed(text)
    if found is None:
        raise ParameterError(f"{argument} needs a number: fill in its field. No budget was spent.")
    return int(found) if found == int(found) and "e" not in text.lower() and "." not in text else found
