"""Every question that can be asked of a column ``v``, for each role that it may have: a value, the ids, the times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from door_schema import Schema

import privkit as pk

K = ("a", "b", "nobody")
NUMBERS = ("boolean", "integer", "unsigned", "wide", "float")
#: What the privacy unit is: a row, or an id, in all or in a window; the column under test may be the id or the time.
UNITS = ("row", "person", "window", "own id", "own id in a window", "own time")
#: Units at which the column under test is what is asked of.
ASKED = UNITS[:3]
_DELTA = {"delta": 1e-6}


@dataclass(frozen=True)
class Asking:
    """A call of a public function.

    Attributes
    ----------
    function : str
        Of ``pk``.
    args, given : tuple, dict
        Beside the frame and what the unit needs.
    grouped : bool
        Whether a person is bounded by groups, as open groups need.
    """

    function: str
    args: tuple[Any, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    persons: bool = False

    @property
    def name(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.given.items() if name not in ("keys", "bounds"))
        return f"{self.function}({', '.join([*map(repr, self.args), *([given] if given else [])])})"


def asking(function: str, *args: Any, persons: bool = False, **given: Any) -> Asking:
    return Asking(function, args, given, persons)


def questions(schema: Schema, unit: str) -> list[Asking]:
    """Return what is asked of a column of this type at this unit."""
    if unit not in ASKED:
        return [*_beside(), *_naming(schema), *_by_groups(_naming(schema))]
    found = [*_of_any(), *_naming(schema), *_of_keys(schema)]
    if schema.kind in NUMBERS:
        found += _of_numbers()
    if schema.kind in ("date", "instant"):
        found += _of_dates(schema)
    if schema.kind in ("text", "object"):
        found += _of_texts(schema)
    return found


def _beside() -> list[Asking]:
    """Questions about other columns, where ``v`` is what tells persons or windows apart."""
    return [
        asking("dp_count"),
        asking("dp_count", "k", keys=list(K)),
        asking("dp_count", "k", keys=list(K), of="persons", persons=True),
        asking("dp_count", of="persons", persons=True),
        asking("dp_count", "k", **_DELTA),
        asking("dp_sum", "x", bounds=(0, 10)),
        asking("dp_sum", "x", "k", keys=list(K), bounds=(0, 10)),
        asking("dp_sum", "x", "k", bounds=(0, 10), **_DELTA),
        asking("dp_mean", "x", "k", keys=list(K), bounds=(0, 10)),
        asking("dp_sum", "x", person_bounds=(0, 10), persons=True),
        asking("dp_mean", "x", person_bounds=(0, 10), persons=True),
        asking("dp_var", "x", bounds=(0, 10)),
        asking("dp_median", "x", bounds=(0, 10)),
        asking("dp_quantile", "x", [0.1, 0.2, 0.4, 0.5, 0.7, 0.9], bounds=(0, 10)),
        asking("dp_histogram", "x", bins=[0, 5, 10]),
        asking("dp_share", "x > 5"),
        asking("dp_share", "x > 5", "k", keys=list(K)),
        asking("dp_share", "x > 5", of="persons", persons=True),
        asking("dp_difference", "x", "k", keys=list(K)[:2], bounds=(0, 10)),
        asking("dp_ols", "x", "y", derive={"y": "x / 2"}, bounds={"x": (0, 10), "y": (0, 10)}),
        asking("dp_correlation", ["x", "y"], derive={"y": "x / 2"}, bounds={"x": (0, 10), "y": (0, 10)}),
        asking("dp_anova", "x", "k", keys=list(K), bounds=(0, 10)),
        asking("dp_kmeans", "x", 2, bounds={"x": (0, 10)}, steps=2),
        asking(
            "dp_logistic", "y", ["x", "k"], derive={"y": "x > 2"}, keys={"k": list(K)}, bounds={"x": (0, 10)}, steps=2
        ),
        asking("dp_difference", "x > 5", "k", keys=list(K)[:2]),
        asking("dp_nunique", "k"),
        asking("dp_nunique", "x", "k", keys=list(K)),
        asking("dp_top_k", "k", 1, keys=list(K)),
        asking("dp_top_k", "k", 2, keys=list(K)),
        asking("dp_mean", "x", bounds=(0, 10), clipped=True),
        asking("dp_sum", "x", "k", keys=list(K), bounds=(0, 10), clipped=True),
        asking("dp_bounds", "x"),
    ]


def _of_any() -> list[Asking]:
    """Questions for which ``v`` need only be told apart."""
    return [
        asking("dp_count"),
        asking("dp_count", "k", keys=list(K)),
        asking("dp_sum", "x", bounds=(0, 10)),
        asking("dp_nunique", "v"),
        asking("dp_nunique", "v", "k", keys=list(K)),
        asking("dp_count", "v", **_DELTA),
        asking("dp_count", ["v", "k"], **_DELTA),
        asking("dp_sum", "x", "v", bounds=(0, 10), **_DELTA),
        asking("dp_median", "x", "v", bounds=(0, 10), **_DELTA),
        asking("dp_nunique", "k", "v", **_DELTA),
        asking("kanon", ["v", "k"]),
        asking("kanon", "v"),
        asking("risk", "v"),
        asking("ldiv", "k", sensitive="v"),
    ]


def _naming(schema: Schema) -> list[Asking]:
    """Filters, derived columns and replacements that name ``v``."""
    found = [
        asking("dp_count", where="v is missing"),
        asking("dp_count", "k", keys=list(K), where="v is not missing"),
        asking("dp_count", missing={"v": "drop"}),
        asking("dp_sum", "x", bounds=(0, 10), where="v is not missing"),
        asking("dp_count", "y", keys=[True, False, None], derive={"y": "v is missing"}),
    ]
    if schema.where is not None:
        found += [
            asking("dp_count", where=schema.where),
            asking("dp_count", "k", keys=list(K), where=schema.where),
            asking("dp_sum", "x", bounds=(0, 10), where=f"not ({schema.where})"),
            asking("dp_count", "y", keys=[True, False, None], derive={"y": schema.where}),
        ]
    if schema.kind in ("date", "instant"):
        found += [
            asking("dp_count", where="year(v) >= 2026"),
            asking("dp_sum", "x", bounds=(0, 10), where="month(v) == 1"),
        ]
    if schema.kind in NUMBERS and schema.kind != "boolean":
        found += [asking("dp_count", missing={"v": 5}), asking("dp_count", where="v in [1, 3, 5, 7, 9]")]
    if schema.kind in ("text", "object"):
        found += [asking("dp_count", missing={"v": "a"}), asking("dp_count", where="v in ['a', 'b', '']")]
    if (made := _choosing(schema)) is not None:
        found += [
            asking("dp_count", "y", keys=["one", "other", None], derive={"y": made}),
            asking("dp_count", "y", derive={"y": pk.when("v is missing", "none").otherwise("some")}),
            asking("dp_sum", "x", "y", bounds=(0, 10), derive={"y": made}),
            asking("dp_count", where="y == 'one'", derive={"y": made}),
        ]
    return found


def _choosing(schema: Schema) -> Any:
    """Return what `v` is recoded to, or looked up in a table."""
    if schema.kind == "boolean":
        return pk.recode("v", {True: "one"}, other="other")
    if schema.kind in NUMBERS:
        return pk.recode("v", {1: "one", 3.5: "one", 2**53 + 1: "other", -1: None}, other="other")
    if schema.kind in ("text", "object"):
        return pk.lookup("v", {"a": "one", "": "one", "b": "other"})
    return None


def _by_groups(asked: list[Asking]) -> list[Asking]:
    """Return the same filters, asked by groups: where two persons are one, a row changes its group for another's."""
    kept = [{n: v for n, v in one.given.items() if n in ("where", "missing")} for one in asked]
    counts = [asking("dp_count", "k", keys=list(K), **given) for given in kept if given]
    return [*counts, *[asking("dp_sum", "x", "k", keys=list(K), bounds=(0, 10), **given) for given in kept if given]]


def _of_keys(schema: Schema) -> list[Asking]:
    if not schema.keys:
        return []
    keys, pairs = list(schema.keys), {"v": list(schema.keys), "k": list(K)}
    return [
        asking("dp_count", "v", keys=keys),
        asking("dp_count", "v", keys=[*keys, None]),
        asking("dp_count", ["v", "k"], keys=pairs),
        asking("dp_crosstab", "k", "v", keys=pairs),
        asking("dp_chi2", "k", "v", keys=pairs),
        asking("dp_value_counts", "v", keys=keys),
        asking("dp_top_k", "v", 1, keys=keys),
        asking("dp_tables", [("k", "v"), ("v",)], keys=pairs),
        asking("dp_synthetic", ["k", "v"], keys=pairs, rows=5),
        asking("dp_sum", "x", "v", keys=keys, bounds=(0, 10)),
        asking("dp_mean", "x", "v", keys=keys, bounds=(0, 10)),
        asking("dp_var", "x", ["k", "v"], keys=pairs, bounds=(0, 10)),
        asking("dp_median", "x", "v", keys=keys, bounds=(0, 10)),
        asking("dp_histogram", "x", "v", keys=keys, bins=[0, 5, 10]),
        asking("dp_nunique", "k", "v", keys=keys),
        asking("dp_query", {"n": "count", "m": ("mean", "x", (0, 10))}, "v", keys=keys),
    ]


def _of_numbers() -> list[Asking]:
    uneven = [-1.0, 0.5, 1.0, 3.0, 9.0]
    return [
        asking("dp_sum", "v", bounds=(0, 10)),
        asking("dp_sum", "v", bounds=(-0.5, 3.25)),
        asking("dp_sum", "v", "k", keys=list(K), bounds=(0, 10)),
        asking("dp_sum", "v", person_bounds=(0, 10), persons=True),
        asking("dp_sum", "v", "k", bounds=(0, 10), **_DELTA),
        asking("dp_sum", "v", bounds=(0, 10), where="v > 0"),
        asking("dp_sum", "v", bounds=(0, 10), missing=5),
        asking("dp_sum", "w", bounds=(0, 10), derive={"w": "10 * v / (v - 1)"}),
        asking("dp_mean", "v", bounds=(-4, 4)),
        asking("dp_mean", "v", "k", keys=list(K), bounds=(0, 2.0**62)),
        asking("dp_mean", "v", person_bounds=(0, 10), persons=True),
        asking("dp_var", "v", bounds=(0, 10)),
        asking("dp_std", "v", "k", keys=list(K), bounds=(0, 10)),
        asking("dp_median", "v", bounds=(0, 10)),
        asking("dp_median", "v", "k", keys=list(K), candidates=uneven),
        asking("dp_quantile", "v", [0.25, 0.5], candidates=uneven),
        asking("dp_quantile", "v", [0.1, 0.2, 0.4, 0.5, 0.7, 0.9], bounds=(-5, 5)),
        asking("dp_histogram", "v", bins=[-1, 0, 5, 10]),
        asking("dp_histogram", "v", "k", keys=list(K), bins=[-1e300, 0, 1e300]),
        asking("dp_bounds", "v"),
        asking("dp_describe", "v", bounds=(0, 10)),
        asking("dp_query", {"n": "count", "s": ("sum", "v", (0, 10)), "q": ("quantile", "v", 0.5, (0, 10))}),
        asking("dp_count", "band", derive={"band": pk.cut("v", [0, 2, 2.5, 6])}),
        asking("dp_nunique", "half", derive={"half": "v // 2"}),
    ]


def _of_dates(schema: Schema) -> list[Asking]:
    parts = {"y": pk.year("v"), "m": pk.month("v"), "d": pk.day("v"), "w": pk.weekday("v")}
    if schema.kind == "instant":
        parts["h"] = pk.hour("v")
    keys = {"y": [2025, 2026, None], "m": [1, 10], "d": [1, 26], "w": [3, 4], "h": [0, 1, 2, None]}
    found = []
    for every in ("day", "week", "month", "quarter", "year"):
        windows = {"u": pk.cut("v", every=every, start="2025-12-20", end="2026-02-10")}
        found += [
            asking("dp_count", "u", derive=windows),
            asking("dp_sum", "x", "u", bounds=(0, 10), derive=windows),
            asking("dp_count", ["u", "k"], keys={"k": list(K)}, derive=windows),
        ]
    aware = ("2025-12-20T00:00+00:00", "2026-02-10T00:00+00:00")  # either these or those fit the column
    for bounds in (("2025-12-20", "2026-02-10"), aware):
        found += [
            asking("dp_median", "v", bounds=bounds),
            asking("dp_median", "v", "k", keys=list(K), bounds=bounds),
            asking("dp_quantile", "v", [0.1, 0.2, 0.4, 0.5, 0.7, 0.9], bounds=bounds),
            asking("dp_count", "v", keys=list(bounds)),
        ]
    found.append(asking("dp_histogram", "v", every="week", start="2025-12-20", end="2026-02-10"))
    found.append(asking("dp_histogram", "v", "k", keys=list(K), bins=["1970-01-01", "2026-01-03"]))
    found.append(asking("dp_count", "u", derive={"u": pk.cut("v", ["0001-01-01", "1970-01-01", "9998-12-31"])}))
    for name, part in parts.items():
        found += [
            *([asking("dp_count", name, derive={name: part})] if name != "y" else []),
            asking("dp_count", name, keys=keys[name], derive={name: part}),
            asking("dp_count", name, derive={name: part}, **_DELTA),
            asking("dp_sum", "x", name, keys=keys[name], bounds=(0, 10), derive={name: part}),
            asking("dp_sum", name, bounds=(0, 100), derive={name: part}),
        ]
    return [
        *found,
        asking("dp_nunique", "y", derive={"y": pk.year("v")}),
        asking("dp_bounds", "y", derive={"y": pk.year("v")}),
    ]


def _of_texts(schema: Schema) -> list[Asking]:
    first, keys = {"p": pk.prefix("v", 1)}, ["a", "", None]
    return [
        asking("dp_count", "p", keys=keys, derive=first),
        asking("dp_count", "p", derive=first, **_DELTA),
        asking("dp_nunique", "p", derive=first),
        asking("dp_sum", "x", "p", keys=keys, bounds=(0, 10), derive=first),
        asking("dp_count", "v", keys=["a", "none"], missing={"v": "none"}),
    ]
