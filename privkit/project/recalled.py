"""A recorded question as the call that asks it again: word for word, so that it replays, or not at all."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from privkit.values.loss import Measure

_STATISTICS = {"count", "sum", "mean"}
#: What a record may tell besides: what the call does not say, or what follows from it.
_KNOWN = {
    "bounds", "by", "column", "frame", "keys", "keys_reason", "loss", "max_groups", "max_rows", "mechanism", "notebook",
    "per_group", "scale", "selected", "statistic", "unit",
}  # fmt: skip
_MECHANISMS = {"discrete Laplace": "laplace", "discrete Gaussian": "gaussian"}
_LONGEST = 400


def as_code(question: Mapping[str, Any]) -> str:
    """Return the call that asks a recorded question again, of the same data at no cost; "" where the record tells more.

    It is made of the record alone, and only where each of its parts is one that the call can say.

    Examples
    --------
    >>> loss = {"measure": "ε", "main": "0.1", "delta": "0"}
    >>> record = {"statistic": "mean", "column": "age", "bounds": ["0.0", "99.5"], "by": ["zip"], "loss": loss}
    >>> as_code({**record, "keys": ["[('str', '8004')]", "[('str', '8005')]"], "mechanism": "discrete Laplace"})
    "df.privacy.dp_mean('age', bounds=(0, 99.5), by='zip', keys=['8004', '8005'], epsilon=0.1)"
    >>> as_code({**record, "keys": None}), as_code({**record, "unheard_of": 1})
    ('', '')
    """
    try:
        named = _arguments(question)
    except (AttributeError, LookupError, TypeError, ValueError, SyntaxError):  # damaged, or of another version
        return ""
    typed = f"df.privacy.dp_{question.get('statistic')}({', '.join(named or ())})"
    return typed if named is not None and len(typed) <= _LONGEST else ""


def _arguments(question: Mapping[str, Any]) -> list[str] | None:
    """Return what stands in the parentheses; None where it cannot be said."""
    if set(question) - _KNOWN or question["statistic"] not in _STATISTICS or question.get("keys_reason"):
        return None
    alone = question["statistic"] == "count"
    if alone in {"column" in question, "bounds" in question}:
        return None
    selected = question.get("selected") or {}
    if selected.get("derive") or selected.get("missing") or set(selected) - {"derive", "missing", "where"}:
        return None
    named = [] if alone else [repr(question["column"]), f"bounds=({', '.join(map(_number, question['bounds']))})"]
    by, keys = question.get("by") or [], question.get("keys")
    if by:
        if not keys:
            return None
        named += [f"by={_one_or_list(by)}", f"keys={_keys(keys)!r}"]
    if where := selected.get("where"):
        named.append(f"where={where!r}")
    if question.get("unit") is not None:
        limits = ("max_rows", "max_groups", "per_group")
        named += [f"{name}={int(question[name])}" for name in limits if question.get(name) is not None]
    return [*named, *_price(question["loss"], question["mechanism"])]


def _one_or_list(by: Sequence[str]) -> str:
    return repr(by[0]) if len(by) == 1 else repr(list(by))


def _keys(codes: Sequence[str]) -> list[Any]:
    """Return keys of texts and whole numbers; others are written in ways that would have to be read again."""
    found = []
    for code in codes:
        parts = []
        for kind, text in ast.literal_eval(code):
            if kind not in ("str", "int"):
                raise ValueError(kind)
            parts.append(int(text) if kind == "int" else str(text))
        found.append(parts[0] if len(parts) == 1 else tuple(parts))
    return found


def _number(text: str) -> str:
    """Return a recorded number as one types it.

    Examples
    --------
    >>> _number("0.0"), _number("99.5"), _number("0.1")
    ('0', '99.5', '0.1')
    """
    found = float(text)
    return repr(int(found)) if found == int(found) else repr(found)


def _price(loss: Mapping[str, str], mechanism: str) -> list[str]:
    main = float(loss["main"])
    if loss["delta"] != "0" or loss["main"] not in {repr(main), repr(int(main))}:  # not one that a call holds exactly
        raise ValueError(loss["main"])
    concentrated = Measure(loss["measure"]).concentrated
    chosen = [f"mechanism={_MECHANISMS[mechanism]!r}"] if concentrated else []
    return [f"{'rho' if concentrated else 'epsilon'}={loss['main']}", *chosen]
