"""Where a released number comes from: what one publishes beside it, as text, as JSON, and as one line."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.dp.dates import told_date
from privkit.dp.noise.noise import ALPHA
from privkit.dp.statistics.several import Several
from privkit.values.exact import as_typed, as_written
from privkit.values.expression.nodes import Literal, normal
from privkit.values.show import SIMULATED, Shown, printable
from privkit.values.writing import amount_shown, chance, chance_percent, error_text, level_text, number

if TYPE_CHECKING:
    from datetime import date

    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.values.keys import Keys
    from privkit.values.loss import PrivacyLoss

#: How many keys a text names; JSON has all of them.
_NAMED = 6
#: A longer text of one fact is cut in texts.
_LONGEST = 200
#: That of the noise of many parts.
_NOISES = 300
#: What the noise and the versions are of.
_OWN = "jupyter-privkit"


@dataclass(frozen=True, repr=False)
class Provenance(Shown, Mapping[str, Any]):
    """Where a released number comes from: public facts, which may be published beside it.

    ``print(release.provenance)`` tells them, `line` tells them in one line to put under a table, and :meth:`to_json`
    gives them to programs. All three tell the same.

    Attributes
    ----------
    question : str
        In words.
    unit, bounds : str
        Whom the answer protects, and how much of one person counts.
    mechanism : str
    scale : float
        The names of the mechanisms that were used, and the noise's scale in units of the answer; the first part's,
        where several parts have their own.
    noise : str
        The noise of every part in plain words, with its scales.
    project : str
    entry : int
        The ledger's number of the release.
    time : str
        When its budget was reserved, UTC.
    versions : dict
        The libraries that drew the noise.
    epsilon, rho, delta : float or None
        What it cost; None for what the project's measure does not have.
    advantage, attack_success : float
        The most that any attacker gains on one unit: true less false positives, and what he finds of those that are
        there at 1 % false alarms. Rounded up.
    clipped : dict
        From a column to the public bounds of its values, or of persons' totals; of dates as text.
    derived, missing : dict
        From a column to how it was made, and to what stood for its missing values.
    key_values : list or None
        The groups, one value each or a list of them; None for a total.
    public_values : dict
        From a column to its public values, where these are no groups: of tables and tests, or the most frequent ones.
    keys_source : str
        How the groups or these values came to be known; empty where there are none.
    level : float or None
        Of the intervals that are shown; None where there are none, as of a choice among candidates.
    accuracy : dict
        From each number of the answer to half the width of its interval, where that was known beforehand.
    public : tuple of str
        Who says that bounds, keys, bins or candidates are public, where the call did not type them out.
    simulated : bool
        Whether the noise came from the teaching simulator, so that nobody is protected.
    """

    question: str
    unit: str
    bounds: str
    mechanism: str
    scale: float
    noise: str
    project: str
    entry: int
    time: str
    versions: dict[str, str]
    epsilon: float | None = None
    rho: float | None = None
    delta: float | None = None
    advantage: float = 1.0
    attack_success: float = 1.0
    clipped: dict[str, list[Any]] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    key_values: list[Any] | None = None
    public_values: dict[str, list[Any]] = field(default_factory=dict)
    keys_source: str = ""
    level: float | None = None
    accuracy: dict[str, float | None] = field(default_factory=dict)
    public: tuple[str, ...] = ()
    simulated: bool = False

    @classmethod
    def of(cls, plan: Plan, known: Collection[str], noise: str, used: Sequence[str], **place: Any) -> Provenance:
        """Return where the answer of a plan comes from.

        Parameters
        ----------
        known : collection of str
            Those of its numbers that have an interval.
        noise : str
            All noise that was drawn, in words: what found groups is no part of the plan of their answers.
        used : sequence of str
            The names of its mechanisms.
        **place
            Project, entry, time and versions.
        """
        question = plan.question
        return cls(
            question=str(question),
            unit=str(question.unit),
            bounds=_bounded(question),
            mechanism=", ".join(used),
            scale=plan.scale,
            noise=noise,
            **place,
            **loss_amounts(plan.loss),
            advantage=plan.advantage,
            attack_success=plan.attack_success,
            clipped={name: _ends(question, ends) for name, ends in question.asked.clipped.items()},
            derived=_derived(question),
            missing={
                name: normal(Literal(value)).text() for name, value in question.selected.missing if value is not None
            },
            key_values=_keys(question),
            public_values=_values(question),
            keys_source=_keys_source(plan),
            level=1 - ALPHA if known else None,
            accuracy=_accuracy(plan, known),
            public=tuple(map(str, plan.public)),
        )

    def __getitem__(self, name: str) -> Any:
        """Return a field by its name."""
        if name not in tuple(self):
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(field.name for field in fields(self))

    def __len__(self) -> int:
        return len(fields(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict of plain values."""
        return asdict(self)

    def to_json(self) -> str:
        """Return the fields as JSON, to be published beside the numbers.

        Returns
        -------
        str
            One object; its names are those of the attributes. Amounts are numbers, dates are ISO text.
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @property
    def loss(self) -> str:
        """What it cost, in words."""
        told = [("ε", self.epsilon), ("ρ", self.rho), ("δ", self.delta or None)]
        return ", ".join(f"{symbol} = {amount_text(amount)}" for symbol, amount in told if amount is not None)

    @property
    def attacker(self) -> str:
        """What an attacker gains at most, in words."""
        return (
            f"advantage at most {chance(self.advantage)}; at 1 % false alarms he finds at most "
            f"{chance_percent(self.attack_success)} of those who are there"
        )

    @property
    def intervals(self) -> str:
        """Of which level intervals are, and half their width where that was known beforehand, in words."""
        known = [(name, width) for name, width in self.accuracy.items() if width is not None]
        single = len(self.accuracy) == 1
        widths = [f"± {error_text(width)}" if single else f"{name} ± {error_text(width)}" for name, width in known]
        return "" if self.level is None else ", ".join([level_text(self.level), *widths])

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What each fact is called, and what it is, as every text and page tells it."""
        clipped = "; ".join(f"{name} to [{', '.join(map(_end_text, ends))}]" for name, ends in self.clipped.items())
        told = [
            ("question", self.question),
            ("protects", self.unit),
            ("cost", self.loss),
            ("attacker", self.attacker),
            ("bounds", self.bounds),
            ("derived", "; ".join(f"{name} = {text}" for name, text in self.derived.items())),
            ("missing", "; ".join(f"of {name} counted as {value}" for name, value in self.missing.items())),
            ("clipped", clipped),
            ("keys", self._named),
            ("values", self._valued),
            ("public", "; ".join(self.public)),
            ("noise", self.noise),
            ("intervals", self.intervals),
            ("ledger", f"project '{self.project}', entry {self.entry}, reserved {self.time}"),
            ("drawn by", ", ".join(f"{name} {version}" for name, version in self.versions.items())),
        ]
        return [(name, _printed(text, _NOISES if name == "noise" else _LONGEST)) for name, text in told if text]

    @property
    def line(self) -> str:
        """All that a reader of a table must know, in one line to put under it."""
        own = self.versions.get(_OWN)
        parts = [
            *([SIMULATED.rstrip(".")] if self.simulated else []),
            self.question[:1].upper() + self.question[1:],
            f"protects {self.unit}",
            f"{self.loss}: {self.attacker}",
            _printed(self.noise, _NOISES),
            *([f"intervals {self.intervals}"] if self.intervals else []),
            f"project '{self.project}', entry {self.entry}, {self.time}",
            *([f"privkit {own}"] if own else []),
        ]
        return _printed("; ".join(parts), 3 * _LONGEST) + "."

    @property
    def _named(self) -> str:
        if self.key_values is None:
            return ""
        shown = _some(self.key_values)
        return f"{len(self.key_values):,} ({self.keys_source}){': ' if shown else ''}{shown}"

    @property
    def _valued(self) -> str:
        each = [f"{name}: {_some(values)}" for name, values in self.public_values.items()]
        return f"{'; '.join(each)} ({self.keys_source})" if each else ""

    def __str__(self) -> str:
        """Return a line for each fact."""
        return repr(self)


def _accuracy(plan: Plan, known: Collection[str]) -> dict[str, float | None]:
    """Return what was known of each interval whatever the rows are: with rows that were assumed it is another one."""
    asked = plan.question.asked
    widths = asked.half_widths(plan.noise, ALPHA, None)
    found = {name: width for name, width in widths.items() if name in known and in_units(plan.question, name)}
    # Where only what comes along has an interval, as the rows of a test, that is not the answer's.
    return found if set(asked.numbers) & set(known) else {asked.main: None, **found}


def in_units(question: Question, name: str) -> bool:
    """Whether the accuracy of a number is told in its own unit: a quantile's is a share of ranks."""
    asked = question.asked
    parts = {told: asked.parts[place] for told, place, _ in asked.outputs} if isinstance(asked, Several) else {}
    return not parts.get(name, asked).of_ranks


def _bounded(question: Question) -> str:
    """Return in words how much of one person counts, and how that is known where no id tells."""
    if question.unit.max_rows is not None:
        return f"{question.bounds}, as was vouched for when the project began: no id tells"
    return f"{question.bounds}, in each {question.unit.per}" if question.unit.per else str(question.bounds)


def amount_text(amount: float) -> str:
    """Return an amount of loss as every text writes it."""
    return amount_shown(as_written(amount))


def loss_amounts(loss: PrivacyLoss) -> dict[str, Any]:
    """Return the amounts as floats that read as at least them."""
    concentrated, delta = loss.measure.concentrated, loss.measure.has_delta
    main = _least_float(loss.main)
    return {
        "epsilon": None if concentrated else main,
        "rho": main if concentrated else None,
        "delta": _least_float(loss.delta) if delta else None,
    }


def _least_float(amount: Fraction) -> float:
    found = float(amount)
    while as_written(found) < amount:
        found = math.nextafter(found, math.inf)
    return found


def _keys(question: Question) -> list[Any] | None:
    """Return the groups as plain values: one for each, or a list of them where there are several columns."""
    if question.keys is None:
        return None
    rows = [[_plain(value) for value in key] for key in question.keys.values]
    return [row[0] for row in rows] if len(question.keys.by) == 1 else rows


def _values(question: Question) -> dict[str, list[Any]]:
    """Return the public values of each column that stand in the statistic, each once."""
    found: dict[str, dict[Any, None]] = {}
    for keys in question.asked.own_keys:
        for place, name in enumerate(keys.by):
            found.setdefault(name, {}).update(dict.fromkeys(_plain(key[place]) for key in keys.values))
    return {name: list(values) for name, values in found.items()}


def _plain(value: str | float | bool | date | Decimal | None) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _ends(question: Question, ends: tuple[float, float]) -> list[Any]:
    """Return bounds as numbers, or as texts of dates."""
    return list(ends) if question.dates is None else [told_date(question.dates, end) for end in ends]


def _end_text(end: float | str) -> str:
    if isinstance(end, str):
        return end
    told = number(end)  # what it rounds is told as it was typed
    return told if told.replace(",", "") == as_typed(end) else as_typed(end)


def _derived(question: Question) -> dict[str, str]:
    """Return how columns are made that the question reads; one that is called as it is made needs no words."""
    used = {*question.columns, *(question.selected.where.columns if question.selected.where is not None else ())}
    told = ((name, made.text()) for name, made in question.selected.derive if name in used)
    return {name: text for name, text in told if text not in (name, name[1:-1])}


def _keys_source(plan: Plan) -> str:
    """Return how the groups came to be known, column by column where they came in several ways."""
    question = plan.question
    named = question.asked.own_keys if question.keys is None else (question.keys,)
    if question.keys is not None and (question.asked.shows or question.keys.told):
        return "found: their noisy counts passed the threshold"
    ways = {name: _way(plan, keys, name) for keys in named for name in keys.by}
    if len(set(ways.values())) > 1:
        return "public: " + "; ".join(f"{name!r} {way or why}" for name, (way, why) in ways.items())
    way, why = next(iter(ways.values()), ("", ""))
    return f"public, {way}" if way else f"public: {why}" if why else ""


def _way(plan: Plan, keys: Keys, column: str) -> tuple[str, str]:
    """Return how the groups of one column came to be known: in words, or as a reason that was given."""
    asked, selected = plan.question.asked, plan.question.selected
    kinds = ("keys", "bins") if asked.bins_of(column) else ("keys",)
    for source in plan.public:
        if source.what in kinds and column in (source.column, *source.column.split(", ")):
            return ("", source.reason or "") if source.entry is None else (source.declared, "")
    labels, place = selected.labels(column), keys.by.index(column)
    if labels is not None and {key[place] for key in keys.values} <= set(labels):
        return f"the labels of derived {column!r}", ""
    return ("named in the question", "") if keys.reason is None or plan.public else ("", keys.reason)


def _some(values: Sequence[Any]) -> str:
    """Return the first of some values as a text, and how many more there are."""
    more = f" and {len(values) - _NAMED:,} more" if len(values) > _NAMED else ""
    return f"{', '.join(map(_key_text, values[:_NAMED]))}{more}"


def _key_text(key: object) -> str:
    parts = key if isinstance(key, list) else [key]
    return " / ".join("missing" if part is None else str(part) for part in parts)


def _printed(text: str, longest: int = _LONGEST) -> str:
    return printable(text if len(text) <= longest else text[: longest - 1] + "…")
