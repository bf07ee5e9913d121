"""How a value shows itself: the one place from which a low room reaches up, to `privkit.view` and `privkit.attacks`.

What is simulated says so wherever it is shown, and refuses to leave the session.

Text that is fit to print: what a terminal would obey is spelled out.

Warnings that point to the line that a user wrote, however many calls of privkit lie in between.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeVar

from privkit.errors.calls import calling
from privkit.errors.facts import SimulatedError
from privkit.values.arguments import public, spending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes


T = TypeVar("T")


def _view(module: str) -> Any:
    """Load a view by name when it is asked for, so that values import none of matplotlib and ipywidgets."""
    return import_module(f"privkit.view.{module}")


def attack_room(module: str) -> Any:
    """Load an attack by name when it is asked for, so that results can be attacked by the room above them."""
    return import_module(f"privkit.attacks.{module}")


class Shown:
    """Mixin of frozen values that have a text, an HTML form, a plot or a panel in `privkit.view`."""

    __slots__ = ()

    @property
    def has_accessor(self) -> bool:
        """Whether the frame that it is about has ``df.privacy``, so that what to type next begins so."""
        return not getattr(self, "_by_function", False)

    def _made_of(self, data: object) -> None:
        """Note that the frame that a value is about has no accessor; a public call does so."""
        if hasattr(self, "__dict__") and not hasattr(type(data), "privacy"):
            object.__setattr__(self, "_by_function", True)

    def __repr__(self) -> str:
        """Return the answer, the reason, and what to type next."""
        text: str = _view("text").render(self)
        return text

    def _repr_html_(self) -> str:
        html: str = _view("html").render(self)
        return html


def changed(value: T, **changes: Any) -> T:
    """Return a value with other fields, about the same frame."""
    new = replace(value, **changes)  # type: ignore[type-var]
    if getattr(value, "_by_function", False):
        object.__setattr__(new, "_by_function", True)
    return new


@public
class Plotted(Shown):
    """A shown value that also has a plot."""

    __slots__ = ()

    def plot(self, ax: Axes | None = None, *, theme: Literal["auto", "light", "dark", "print"] = "auto") -> Axes:
        """Draw the value with matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, in the style that is there; a new figure on a ground of its own by default.
        theme : {"auto", "light", "dark", "print"}
            The ground, and the ink that fits it. "auto" is dark where matplotlib's style or `ax` is.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ParameterError
            For another theme.
        """
        axes: Axes = _view("plots").draw(self, ax, theme)
        return axes


@public
class Tabled:
    """A value whose numbers also make a table to publish."""

    __slots__ = ()

    def table(self, *, theme: Literal["auto", "light", "dark", "print"] = "light") -> Any:
        """Return the numbers as a table to publish, by great_tables: rounded to their error, intervals beside them.

        The question is written above it, and below it what it cost, whom it protects, and where it comes from. Every
        group has a row; ``.as_raw_html()`` and ``.as_latex()`` write it. It reads no rows and spends nothing.

        Parameters
        ----------
        theme : {"auto", "light", "dark", "print"}
            The ground, and the ink that fits it. "auto" is dark where matplotlib's style is.

        Returns
        -------
        great_tables.GT

        Raises
        ------
        LibraryRequiredError
            Where great_tables is not installed: it comes with the extra ``tables``.
        ParameterError
            For another theme.
        """
        return _view("table").table_of(self, theme)


@public
class Paneled:
    """A value that also has a live panel."""

    __slots__ = ()

    def panel(self) -> Any:
        """Return a live panel of the value, for a notebook.

        It spends nothing by being shown. Where no kernel runs, its last picture is shown.

        Returns
        -------
        ipywidgets.Widget
        """
        return _view("panels").panel_of(self)


@public
class Attackable:
    """A result that can be attacked: it knows how it was made, and is made anew of half of the rows."""

    __slots__ = ()

    #: Which module of `privkit.attacks` makes it anew.
    _attacked_in: ClassVar[str] = "halves"

    def attack(
        self,
        *,
        columns: str | Sequence[str] | None = None,
        secret: str | None = None,
        targets: int = 5_000,
        seed: int = 0,
        by: str | None = None,
    ) -> Any:
        """Make the result anew of a random half of the rows that were given, and attack both halves.

        The one half are the members, whose rows were used; the other are the controls, like them in all but that. So
        the report says what such a result gives away of whoever is in it, and not of everybody. See `privkit.attack`
        for the attacks, and for what the report says of each. Reads rows; spends nothing; keeps no value.

        Parameters
        ----------
        columns : str or sequence of str, optional
            What an attacker may know; all columns of the result, by default.
        secret : str, optional
            The column that attribute inference guesses by the others; by default the most diverse.
        targets : int
            How many members, and how many controls, are attacked at most.
        seed : int
            Of the halves, of who is attacked, and of what is planted.
        by : str, optional
            A column of what was given, of groups by whose members ``.by_group()`` of the report tells whom the attacks
            find.

        Returns
        -------
        AttackReport

        Raises
        ------
        AttackError
            If the result does not know how it was made, if there are fewer than 40 rows, or if a half of them cannot
            meet its goal.
        FrameError
            For rows of an engine, which were not fetched.
        """
        asked = {"columns": columns, "secret": secret, "targets": targets, "seed": seed, "by": by}
        return attack_room(self._attacked_in).of_result(self, **asked)


@spending
class AttackableRows:
    """A release of rows that can be attacked by whoever has what it was made of."""

    __slots__ = ()

    def attack(
        self,
        data: object,
        *,
        columns: str | Sequence[str] | None = None,
        secret: str | None = None,
        targets: int = 5_000,
        seed: int = 0,
        by: str | None = None,
    ) -> Any:
        """Draw the rows of `dp_synthetic` anew of a random half of the persons, and attack both halves.

        A release holds no row that it was made of, so give the frame that was asked. The one half are the members,
        whose rows were used; the other are the controls. See `privkit.attack` for the attacks and for what the report
        says.

        Reads rows, for the owner's eyes: the report is exact and no release. Spends nothing: the half's rows are drawn
        by the simulator, whose noise has the law of the real one, are seen by the attacks alone, and are thrown away.
        To attack the very rows that were drawn, say ``pk.attack(df, release.frame, control=others)``.

        Parameters
        ----------
        data : dataframe
            What the release was made of.
        columns : str or sequence of str, optional
            What an attacker may know; all columns of the rows, by default.
        secret : str, optional
            The column that attribute inference guesses by the others; by default the most diverse.
        targets : int
            How many members, and how many controls, are attacked at most.
        seed : int
            Of the halves, of the noise, of who is attacked, and of what is planted.
        by : str, optional
            A column of `data`, of groups by whose members ``.by_group()`` of the report tells whom the attacks find.

        Returns
        -------
        AttackReport

        Raises
        ------
        AttackError
            If the release is none of rows, or there are fewer than 40 persons.
        ColumnNotFoundError, FrameError, ParameterError
            Nothing was spent.
        """
        asked = {"columns": columns, "secret": secret, "targets": targets, "seed": seed, "by": by}
        return attack_room("synthetic_halves").of_result(self, data, **asked)


@public
class Explorable(Paneled):
    """A report on classes whose panel can also explore how generalizing its columns would change them."""

    __slots__ = ()

    def panel(self, *, hierarchies: Mapping[str, object] | None = None) -> Any:
        """Return a live panel of the report: class sizes with a line that moves, and what each column contributes.

        It reads no rows and spends nothing. Where no kernel runs, its last picture is shown.

        Parameters
        ----------
        hierarchies : dict, optional
            Adds the lattice explorer: a level per column, and k, suppression and loss at once. Column → hierarchy, as
            in `anonymize`; one is proposed for each column that is not named, so that ``{}`` will do.

        Returns
        -------
        ipywidgets.Widget

        Raises
        ------
        HierarchyError
            If a hierarchy lacks values.
        """
        if hierarchies is None:
            return super().panel()
        return _view("panels").panel_of(self, hierarchies=hierarchies)


#: What stands over everything that the simulator had a hand in.
SIMULATED = "SIMULATED: drawn by a seeded teaching simulator, so it protects nobody. Not for release."


@public
class Simulated(Plotted):
    """Mixin that comes before the class of a real value: its text, HTML and plot are marked, and it is not pickled.

    The renderers of `privkit.view` mark whatever says that it is simulated.
    """

    __slots__ = ()

    simulated: ClassVar[bool] = True

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled or copied out of the session.

        Raises
        ------
        SimulatedError
        """
        with calling("pickle"):
            raise SimulatedError.refused()


class PickledIfReal:
    """Mixin of values that are made of releases: real ones are pickled, simulated ones refuse, as their releases do."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be pickled or copied if it is simulated.

        Raises
        ------
        SimulatedError
        """
        with calling("pickle"):
            refuse_simulated(self)
        return super().__reduce_ex__(protocol)


def is_simulated(value: object) -> bool:
    """Return whether a value, or what it was made of, was simulated."""
    return getattr(value, "simulated", False) is True


def refuse_simulated(value: object) -> None:
    """Let real values pass, and refuse simulated ones: for whatever stores, exports or packages.

    Raises
    ------
    SimulatedError

    Examples
    --------
    >>> refuse_simulated(3)
    """
    if is_simulated(value):
        raise SimulatedError.refused()


def printable(text: str, keep: str = "") -> str:
    r"""Return text with control characters, and those that turn the direction of writing, spelled out.

    Parameters
    ----------
    keep : str
        Characters that stay as they are, such as line breaks.

    Examples
    --------
    >>> printable("two\nlines"), printable("two\nlines", keep="\n"), printable("\x1b[2J")
    ('two\\nlines', 'two\nlines', '\\x1b[2J')
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else repr(char)[1:-1] for char in text)


_HERE = str(Path(__file__).parents[1])


def warn(message: str) -> None:
    """Warn the user, at the first line outside of privkit."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)
