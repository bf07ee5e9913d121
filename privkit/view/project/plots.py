"""The plots of projects and their ledgers."""

from __future__ import annotations

from functools import singledispatch
from itertools import accumulate
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from privkit.project.ledger_view import LedgerView
from privkit.project.price_list import StudyPrice
from privkit.project.project import Project
from privkit.view.dp.text import amount
from privkit.view.parts.style import GOOD, INK, SHORT, horizontal
from privkit.view.parts.words import number
from privkit.view.project.parts import parts
from privkit.view.project.text import ledger_answer, project_answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Steps of a ledger's plot at most.
STEPS = 1000


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(Project)
def _project(project: Project, ax: Axes) -> None:
    balance = project.account.balance()
    shown = parts(balance)
    for place, part in enumerate(shown):
        spent, held = part.share(part.spent), part.share(part.reserved)
        ax.barh(place, spent, height=0.5, color=GOOD, linewidth=0, label="spent" if not place else None)
        ax.barh(
            place,
            held,
            height=0.5,
            left=spent,
            color=SHORT,
            hatch="///",
            linewidth=0,
            label="reserved" if not place else None,
        )
        ax.barh(
            place,
            max(1 - spent - held, 0),
            height=0.5,
            left=spent + held,
            facecolor="none",
            edgecolor=INK,
            linewidth=0.8,
            label="left" if not place else None,
        )
    ax.set_yticks(range(len(shown)), [part.symbol for part in shown])
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.set_xlabel("share of the budget")
    ax.set_ylim(max(len(shown), 2) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.legend(ncols=3, loc="upper right", bbox_to_anchor=(1, -0.2))
    ax.set_title(project_answer(project.name, balance))


@plot.register(StudyPrice)
def _price(price: StudyPrice, ax: Axes) -> None:
    """Draw what each plan costs; those that no longer fit in what is left are hatched."""
    costs = [float(plan.loss.main) for plan in price.plans]
    beyond = [total > float(price.left.main) for total in accumulate(costs)]
    told = [amount(p.loss) + ("" if p.accuracy is None else f", ± {number(p.accuracy)}") for p in price.plans]
    horizontal(ax, [str(plan.question) for plan in price.plans], costs, told, short=beyond)
    ax.set_xlim(0, max([*costs, 1e-9]) * 1.6)
    ax.set_xlabel(f"{'ρ' if price.left.measure.concentrated else 'ε'} of the plan")
    ax.set_ylabel("plan")
    ax.set_title(f"{amount(price.total)} in all, {amount(price.left)} left: {'it fits' if price.fits else 'too much'}")


@plot.register(LedgerView)
def _ledger(ledger: LedgerView, ax: Axes) -> None:
    balance = ledger.account.balance()
    part = parts(balance)[0]
    step = -(-balance.entries // STEPS) or 1  # of a long ledger, entries evenly apart: more would not be seen
    shown = ledger.account.charged_at([*range(1, balance.entries, step), balance.entries])
    charged = [0.0, *(float(known.total.main) for known in shown)]
    places = [0.0, *(float(known.seq) for known in shown)]
    # What was charged last stands.
    ax.step([*places, places[-1] + 0.5], [*charged, charged[-1]], where="post", color=GOOD, linewidth=1.8)
    ax.axhline(float(part.budget), color=SHORT, linestyle="--", linewidth=1.2)
    ax.annotate("budget", (0, float(part.budget)), xytext=(2, 2), textcoords="offset points", color=SHORT, fontsize=8)
    ax.set_ylim(0, max(float(part.budget), charged[-1]) * 1.15)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("entry")
    ax.set_ylabel(f"{part.symbol} charged")
    ax.set_title(ledger_answer(ledger.account.name, balance))
