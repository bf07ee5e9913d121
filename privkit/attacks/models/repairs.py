"""What could stand in a model's place: another model, or the same one trained on what became of the rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.models.rows import People
from privkit.attacks.models.trained import Train, Trained, as_they_are, kind_of, trainer
from privkit.errors import PrivkitError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.transform.anonymized import Anonymized
from privkit.transform.generalize import generalize

if TYPE_CHECKING:
    import pandas as pd


def repairing(place: int, repair: object, model: Any, target: str, everybody: People) -> Train:
    """Return what trains a repair, the first, second ... of them: see `attack_model`.

    Raises
    ------
    AttackError
    """
    if not isinstance(repair, type) and all(hasattr(repair, way) for way in ("fit", "predict", "get_params")):
        return trainer(repair)
    if isinstance(repair, type) or not callable(repair):
        raise AttackError.bad_repair(place, type_told(repair))
    return _Repair(place, repair, model, target, everybody).train


@dataclass(frozen=True, eq=False)
class _Repair:
    """A function of the rows to train on, and the model that is trained on what it gives."""

    place: int
    change: Callable[[pd.DataFrame], Any]
    model: Any
    target: str
    everybody: People

    def train(self, people: People) -> Trained:
        """Train on what became of some persons' rows."""
        failed = ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = self.change(people.frame(self.target))
        except PrivkitError:
            raise
        except Exception as error:  # noqa: BLE001 - of anybody's function
            failed = type(error).__name__
        if failed:
            raise AttackError.training_failed(f"repair {self.place}", failed)
        if hasattr(made, "predict"):
            return Trained(made, kind_of(made), type(made).__name__, as_they_are)
        table = _rows(made)
        if table is None or any(one not in table.columns for one in (*people.names, self.target)):
            raise AttackError.bad_repair(self.place, f"a function to {type_told(made)} without the features' columns")
        shown = _shown(self.place, made, self.everybody, self.target) if isinstance(made, Anonymized) else _as_they_are
        rows = shown(table[list(people.names)])
        new = trainer(self.model)(People(_like(rows, people), table[self.target].reset_index(drop=True)))
        return replace(new, seen=lambda asked: _like(shown(self._asked(made, asked)), asked))

    def _asked(self, made: Any, people: People) -> pd.DataFrame:
        """Return what becomes of the features that the model is asked about."""
        rows = people.frame(self.target)[list(people.names)]
        if not isinstance(made, Anonymized):
            return rows
        levels = {name: level for name, level in made.levels_.items() if level and name in rows}
        return generalize(rows, levels, hierarchies={one: made.hierarchies[one] for one in levels}).frame


def _rows(made: Any) -> pd.DataFrame | None:
    """Return the rows that a function gave, of a result or a release its own; None where there are none."""
    import pandas as pd

    found = (made, getattr(made, "frame", None), getattr(made, "value", None))
    return next((one for one in found if isinstance(one, pd.DataFrame)), None)


def _as_they_are(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def _like(rows: pd.DataFrame, people: People) -> Any:
    """Return rows as an array where the features were one."""
    return rows.to_numpy() if isinstance(people.features, np.ndarray) else rows.reset_index(drop=True)


def _shown(place: int, made: Anonymized, everybody: People, target: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what turns labels of columns that held numbers into numbers, in the order of the labels; -1 for others.

    Raises
    ------
    AttackError
        Where rows of one table have different levels, so that there is no rule for other rows.
    """
    from pandas.api import types

    if made.method != "optimal":
        raise AttackError.bad_repair(place, "a function to rows of different levels: use method='optimal'")
    rows = everybody.frame(target)
    numbers = [one for one, level in made.levels_.items() if level and types.is_numeric_dtype(rows[one])]
    levels = {one: made.levels_[one] for one in numbers}
    whole = (
        generalize(rows, levels, hierarchies={one: made.hierarchies[one] for one in levels}).frame if levels else rows
    )
    places = {}
    for one in numbers:
        column = whole[one].astype("category")
        places[one] = {str(label): place for place, label in enumerate(column.cat.categories)}

    def coded(table: pd.DataFrame) -> pd.DataFrame:
        told = {one: table[one].astype(str).map(codes).fillna(-1).astype(float) for one, codes in places.items()}
        text = {one: table[one].astype(object) for one in made.levels_ if one in table and one not in told}
        return table.assign(**text, **told)

    return coded
