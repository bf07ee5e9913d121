"""Several statistics of the same groups in one release, sharing its loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.noise.compound import Compound, added
from privkit.dp.noise.noise import ALPHA, Noise
from privkit.dp.price import Price, priced
from privkit.dp.statistics.ranks import counted_once
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic, recorded_statistic
from privkit.values.exact import exact_text
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.dp.measurement import Sensitivity
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.dp.statistics.statistic import Read
    from privkit.tally.cells.cells import Kind
    from privkit.tally.looking import Extent
    from privkit.values.expression.selection import Selection


@dataclass(frozen=True, slots=True)
class Composed(Compound):
    """The noises of several statistics, each with its part of the loss.

    Attributes
    ----------
    scale : float
        Of the first.
    parts : tuple of Noise
    losses : tuple of PrivacyLoss
    """

    parts: tuple[Noise, ...] = ()
    losses: tuple[PrivacyLoss, ...] = ()

    name = "composition"
    measures: ClassVar[tuple[Measure, ...]] = tuple(Measure)

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Composed:
        """Return the best noise of each part within its share of the loss."""
        question: Question = kind["question"]
        several = question.asked
        assert isinstance(several, Several)
        main = "rho" if loss.measure.concentrated else "epsilon"
        noises, losses = [], []
        for part, share in zip(several.parts, several.shares, strict=True):
            amounts = {main: loss.main * share, "delta": loss.delta * share if loss.delta else None}
            paid, noise, _ = priced(replace(question, asked=part), loss.measure, Price(**amounts))
            noises.append(noise)
            losses.append(paid)
        return cls(noises[0].scale, tuple(noises), tuple(losses))

    @property
    def leading(self) -> Noise:
        """The noise of the first part."""
        return self.parts[0]

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the mechanisms of all parts, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.used))


class Together:
    """Measurements of one frame, one after the other, with independent noise.

    Their losses add up (basic composition: Dwork and Roth 2014, theorem 3.16; Bun and Steinke 2016, lemma 2.3); they
    are added as fractions, so that no rounding makes ten tenths more than one.
    """

    def __init__(self, measurements: Sequence[Any], widths: Sequence[int]) -> None:
        self.measurements = measurements
        self.widths = widths

    def map(self, persons: int) -> tuple[Fraction, Fraction]:
        """Return what all of them cost, exactly."""
        return added(m.map(persons) for m in self.measurements)

    def __call__(self, rows: Any) -> list[int]:
        """Draw all of them; group by group, then statistic by statistic."""
        each = zip(self.measurements, self.widths, strict=True)
        with counted_once():
            drawn = [np.array(m(rows), dtype=object).reshape(-1, w) for m, w in each]
        return [int(cell) for cell in np.concatenate(drawn, axis=1).reshape(-1)]


@dataclass(frozen=True, slots=True)
class Several(Statistic):
    """Named numbers from several statistics of the same groups.

    Attributes
    ----------
    parts : tuple of Statistic
        What is measured; each once, however many numbers come from it.
    shares : tuple of Fraction
        Their shares of the loss, which add up to 1.
    outputs : tuple of (str, int, str)
        The name of each number, the place of its part, and its name there.
    """

    parts: tuple[Statistic, ...]
    shares: tuple[Fraction, ...]
    outputs: tuple[tuple[str, int, str], ...]
    #: Whether a question tells the shares as decimals: a few quantiles have always told them as fractions.
    decimals: bool = False

    name = "query"
    noises = (Composed,)
    framed = True

    @property
    def linear(self) -> frozenset[str]:
        """Those that are it in their parts."""
        return frozenset(name for name, place, of in self.outputs if of in self.parts[place].linear)

    def drawn_for(
        self, name: str, cells: NDArray[np.int64], noise: Noise
    ) -> tuple[Statistic, str, NDArray[np.int64], Noise]:
        """Return the part that a number comes from, its name there, and the part's cells and noise."""
        assert isinstance(noise, Composed)
        place, of = self._output(name)
        return self.parts[place], of, self._cells(cells)[place], noise.parts[place]

    @property
    def main(self) -> str:
        """The name of the first number."""
        return self.outputs[0][0]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of all numbers."""
        return tuple(name for name, _, _ in self.outputs)

    @property
    def needs_rows(self) -> bool:  # type: ignore[override]
        """Whether the accuracy of the first number depends on the rows."""
        _, place, of = self.outputs[0]
        return self.parts[place].needs_rows and of not in self.parts[place].steady

    @property
    def of_ranks(self) -> bool:  # type: ignore[override]
        """Whether the accuracy of the first number is a share of ranks."""
        return self.parts[self.outputs[0][1]].of_ranks

    @property
    def earlier(self) -> Statistic | None:
        """The same query of parts as earlier versions asked them; None where all are asked as they were."""
        parts = tuple(part.earlier or part for part in self.parts)
        if parts == self.parts:
            return None
        ordered = list(range(len(parts)))
        if self.decimals:  # a few quantiles alone have always stood in their own order
            ordered.sort(key=lambda place: repr(parts[place].canonical()))
        outputs = tuple((name, ordered.index(place), of) for name, place, of in self.outputs)
        shares = tuple(self.shares[p] for p in ordered)
        return Several(tuple(parts[p] for p in ordered), shares, outputs, self.decimals)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers of all parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of all parts; where two of a column differ, those that hold both."""
        found: dict[str, tuple[float, float]] = {}
        for name, (lower, upper) in (ends for part in self.parts for ends in part.clipped.items()):
            low, high = found.get(name, (lower, upper))
            found[name] = min(low, lower), max(high, upper)
        return found

    @property
    def read(self) -> tuple[str, ...]:
        """Every column of all parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.read))

    @property
    def width(self) -> int:
        """How many cells all parts have."""
        return sum(part.width for part in self.parts)

    @property
    def step(self) -> float:
        """The step of the first part."""
        return self.parts[0].step

    def kind(self, question: Question) -> dict[str, Any]:
        """The parts' noises are found from the whole question."""
        return {"question": question}

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return the sensitivity of the first part; each part has its own noise."""
        return self.parts[0].sensitivity(replace(question, asked=self.parts[0]))

    def extents(self) -> tuple[Extent, ...]:
        """Return those of all parts, each once."""
        return tuple(dict.fromkeys(extent for part in self.parts for extent in part.extents()))

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the exact cells of all parts."""
        with counted_once():
            each = [part.exact(data, replace(question, asked=part)) for part in self.parts]
        return np.concatenate(each, axis=1)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return the parts' measurements, one after the other."""
        assert isinstance(noise, Composed)
        each = zip(self.parts, noise.parts, noise.losses, strict=True)
        measurements = [part.measurement(replace(question, asked=part), own, paid) for part, own, paid in each]
        return Together(measurements, [part.width for part in self.parts])

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what all parts ask of an engine."""
        for part in self.parts:
            yield from part.reads(replace(question, asked=part))

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return simulated cells of all parts, one after the other."""
        assert isinstance(noise, Composed)
        each = zip(self.parts, noise.parts, noise.losses, strict=True)
        with counted_once():
            found = [part.simulated(data, replace(question, asked=part), own, paid, draw) for part, own, paid in each]
        return np.concatenate([cells.reshape(question.groups, -1) for cells in found], axis=1).reshape(-1)

    def _output(self, name: str) -> tuple[int, str]:
        return next((place, of) for given, place, of in self.outputs if given == name)

    def _cells(self, cells: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        return np.split(cells, np.cumsum([part.width for part in self.parts])[:-1], axis=1)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the named numbers."""
        found = [part.estimates(own) for part, own in zip(self.parts, self._cells(cells), strict=True)]
        for chain in self._chains():
            values = np.sort(np.stack([found[place][of] for place, of in chain]), axis=0)
            for (place, of), own in zip(chain, values, strict=True):
                found[place] = {**found[place], of: own}
        return {name: found[place][of] for name, place, of in self.outputs}

    def _chains(self) -> list[list[tuple[int, str]]]:
        """Return places of parts, with their main numbers, that follow each other: quantiles of one column, ascending.

        Their numbers are sorted, which is post-processing, and lowers the sum of their squared errors (Chernozhukov,
        Fernández-Val and Galichon 2010). Of their intervals a lower limit becomes the least one from it upwards, an
        upper one the largest one up to it: they only widen, so that each holds what it held, and the number sorted to
        its place. *Proof* of the last: of the i least numbers one at least stands at place i or later, with a lower
        limit at or below it; hence so does the least of these limits, at or below the i-th number. Likewise above. ∎
        """
        chains: dict[object, list[tuple[Any, int]]] = {}
        for place, part in enumerate(self.parts):
            if (found := part.ordered) is not None:
                chains.setdefault(found[0], []).append((found[1], place))
        return [
            [(place, self.parts[place].main) for _, place in sorted(one)] for one in chains.values() if len(one) > 1
        ]

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the limits of each named number that has some, each for itself."""
        assert isinstance(noise, Composed)
        each = zip(self.parts, self._cells(cells), noise.parts, strict=True)
        found = [part.limits(own, of, alpha) for part, own, of in each]
        for chain in self._chains():
            lower, upper = (np.stack([found[place][of][end] for place, of in chain]) for end in (0, 1))
            lower = np.minimum.accumulate(lower[::-1], axis=0)[::-1]
            upper = np.maximum.accumulate(upper, axis=0)
            for (place, of), low, high in zip(chain, lower, upper, strict=True):
                found[place] = {**found[place], of: (low, high)}
        return {name: found[place][of] for name, place, of in self.outputs if of in found[place]}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return the half-width of the first number; of quantiles alone, which are all of ranks, the largest."""
        widths = self.half_widths(noise, alpha, rows)
        if not all(part.of_ranks for part in self.parts):
            return widths[self.main]
        return max((width for width in widths.values() if width is not None), default=None)

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-width of each number, as its part has it."""
        assert isinstance(noise, Composed)
        found = [part.half_widths(own, alpha, rows) for part, own in zip(self.parts, noise.parts, strict=True)]
        return {name: found[place][of] for name, place, of in self.outputs}

    def dominated(self, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the first number says next to nothing."""
        return self.drowned(self.main, lower, upper)

    def drowned(self, name: str, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where a number says next to nothing, by the rule of its part."""
        place, of = self._output(name)
        return self.parts[place].drowned(of, lower, upper)

    def unit_of(self, name: str) -> str:
        """Return in what a number is told, as its part has it."""
        place, of = self._output(name)
        return self.parts[place].unit_of(of)

    def stands_on_zero(self, name: str) -> bool:
        """Whether a number is a total, as its part has it."""
        place, of = self._output(name)
        return self.parts[place].stands_on_zero(of)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Return the notes of all parts."""
        return tuple(dict.fromkeys(note for part in self.parts for note in part.notes(selected, dates)))

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say what each part costs, and how accurate it is where that is known."""
        assert isinstance(noise, Composed)
        told = []
        for place, (part, own, paid) in enumerate(zip(self.parts, noise.parts, noise.losses, strict=True)):
            widths = part.half_widths(own, ALPHA, None)
            each = [(name, widths[of]) for name, at, of in self.outputs if at == place]
            named = ", ".join(name if width is None else f"{name} ± {error_text(width)}" for name, width in each)
            told.append(f"{named}: {_short(paid)} of it, {part.noise_told(own)}")
            told.extend(part.price_notes(own, replace(question, asked=part), rows))
        return tuple(told)

    def noise_told(self, noise: Noise) -> str:
        """Return the noise of each part, with the numbers that come from it; parts of equal noise are told once."""
        assert isinstance(noise, Composed)
        told: dict[str, list[str]] = {}
        for place, (part, own) in enumerate(zip(self.parts, noise.parts, strict=True)):
            told.setdefault(part.noise_told(own), []).extend(name for name, at, _ in self.outputs if at == place)
        return "; ".join(f"{_and(names)}: {text}" for text, names in told.items())

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values; names of outputs do not matter, nor the order of parts."""
        each, told = zip(self.parts, self.shares, strict=True), exact_text if self.decimals else str
        return {**self.mark, "parts": [{**part.canonical(), "share": told(share)} for part, share in each]}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the query that a record tells; its numbers have the names that they have in their parts."""
        parts = tuple(recorded_statistic(part) for part in record["parts"])
        if None in parts:
            raise ValueError("a part is of no known kind")
        known = [part for part in parts if part is not None]
        outputs = tuple((part.main, place, part.main) for place, part in enumerate(known))
        shares = [part["share"] for part in record["parts"]]
        decimals = any(str(Fraction(share)) != share for share in shares)
        return cls(tuple(known), tuple(Fraction(share) for share in shares), outputs, decimals)

    def __str__(self) -> str:
        """Return the numbers in words, those of the same column together, in the order of asking."""
        told: dict[str, list[str]] = {}
        for _, place, of in self.outputs:
            what, whose = _in_words(self.parts[place], of)
            told.setdefault(whose, []).append(what)
        return _and([_and(list(dict.fromkeys(names))) + whose for whose, names in told.items()])


def _in_words(part: Statistic, of: str) -> tuple[str, str]:
    """Return what a number of a part is, and of what."""
    if not part.columns or part.read != part.columns:
        return str(part), ""
    whose = f" of {part.columns[0]!r}{part.clips}"
    if of != part.main:
        return ("share of clipped rows" if of == "clipped" else of), whose
    name = str(part).removesuffix(whose)
    return (of if " of " in name else name), whose


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _short(loss: PrivacyLoss) -> str:
    """Return a part's loss in four digits: shares need not be decimals."""
    main = f"{'ρ' if loss.measure.concentrated else 'ε'} = {float(loss.main):.4g}"
    return f"{main}, δ = {float(loss.delta):.4g}" if loss.delta else main
