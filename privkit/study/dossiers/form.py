"""The forms that a dossier fills: each field with what fills it, and what a person is asked where nothing does.

Which fields there are, and where each is filled from, stands in ``forms.toml`` and ``pia.toml`` beside this file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from privkit.errors import ParameterError
from privkit.errors.root import close_matches, listed, type_told
from privkit.errors.study import DossierError
from privkit.inventory.column_entry import day

#: A level, and why.
_LEVEL = re.compile(r"\s*([1-4])\s*(?:[:,]\s*(.*))?", re.DOTALL)

Source = Literal["ledger", "report", "inventory", "person"]
State = Literal["filled", "asked", "not applicable"]

#: The forms, with what each is called.
FORMS: Mapping[str, str] = {
    "registry": "OpenDP Deployments Registry",
    "nist": "NIST SP 800-226, hazards",
    "wp216": "WP216, three questions",
}


#: Forms in which a person's word stands beside what is known, and does not replace it.
_BESIDE = frozenset({"nist", "wp216"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes
    ----------
    form, name : str
    source : {"ledger", "report", "inventory", "person"}
        What fills it.
    ask : str
        What a person is asked where nothing fills it.
    kind : {"text", "texts", "date", "amounts", "tier", "level"}
    choices : tuple of str
        The only texts that it may hold; empty where any will do.
    tier : int
        At which completeness the registry asks for it; 0 where it does not say.
    required : bool
        Whether the registry takes no record without it.
    fixed : bool
        Whether it is a fact of the ledger that nobody may overrule.
    block : str
        The block of NIST's pyramid.
    """

    form: str
    name: str
    source: Source
    ask: str
    kind: Literal["text", "texts", "date", "amounts", "tier", "level"] = "text"
    choices: tuple[str, ...] = ()
    tier: int = 0
    required: bool = False
    fixed: bool = False
    block: str = ""

    @property
    def id(self) -> str:
        """How answers name it, as ``"registry.basic.name"``."""
        return f"{self.form}.{self.name}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands in one field.

    Attributes
    ----------
    field : Field
    state : {"filled", "asked", "not applicable"}
    source : {"ledger", "report", "inventory", "person"}
        What filled it, or whom it asks.
    value : object
        A text, or what the field's kind says; None where it is asked.
    """

    field: Field
    state: State
    source: Source
    value: Any = None

    @property
    def text(self) -> str:
        """What stands in it, in words; the question where it is asked."""
        if self.state == "asked":
            return self.field.ask
        if isinstance(self.value, Mapping):
            return ", ".join(f"{name} = {amount}" for name, amount in self.value.items())
        if self.field.kind == "level":
            return ": ".join(str(part) for part in self.value if part)
        return ", ".join(self.value) if isinstance(self.value, tuple) else str(self.value)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """What a form is filled with where its question does not arise, and why it does not."""

    why: str


class Share(NamedTuple):
    """How many fields of a form were filled without a person, of those that apply."""

    filled: int
    applicable: int

    @property
    def share(self) -> float:
        """The one over the other; 0 where none applies."""
        return self.filled / self.applicable if self.applicable else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the forms was filled without a person. What does not apply is counted on neither side.

    Attributes
    ----------
    forms : Mapping of str to Share
        By form: `filled`, `applicable` and `share`.

    Examples
    --------
    >>> print(Coverage({"nist": Share(18, 22), "wp216": Share(2, 3)}))
    80.0 % of 25 fields were filled without a person (nist 18 of 22, wp216 2 of 3)
    """

    forms: Mapping[str, Share]

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Coverage:
        """Count the answers, form by form."""
        found: dict[str, Share] = {}
        for form in FORMS:
            own = [one for one in answers if one.field.form == form and one.state != "not applicable"]
            filled = sum(one.state == "filled" and one.source != "person" for one in own)
            found[form] = Share(filled, len(own))
        return cls(found)

    @property
    def total(self) -> Share:
        """The same over all forms."""
        return Share(sum(one.filled for one in self.forms.values()), sum(one.applicable for one in self.forms.values()))

    def __str__(self) -> str:
        """Return it in words."""
        counted = {form: one for form, one in self.forms.items() if one.applicable}
        each = ", ".join(f"{form} {one.filled} of {one.applicable}" for form, one in counted.items())
        return f"{100 * self.total.share:.1f} % of {self.total.applicable} fields were filled without a person ({each})"


@cache
def fields() -> tuple[Field, ...]:
    """Return the fields of all forms, in order.

    Examples
    --------
    >>> [sum(field.form == form for field in fields()) for form in FORMS]
    [35, 24, 3]
    """
    return tuple(_read_fields("forms.toml"))


@cache
def impact_fields() -> tuple[Field, ...]:
    """Return the questions of an impact assessment by the CNIL's method, in order. They count for no coverage.

    Examples
    --------
    >>> len(impact_fields()), impact_fields()[0].id
    (36, 'pia.111')
    """
    return tuple(_read_fields("pia.toml"))


def _read_fields(file: str) -> Iterator[Field]:
    said = tomllib.loads(files(__package__).joinpath(file).read_text(encoding="utf-8"))
    yield from (
        Field(form, name, **{**told, "choices": tuple(told.get("choices", ()))})
        for form, each in said.items()
        for name, told in each.items()
    )


def answered(
    found: Mapping[str, Any], said: Mapping[str, Any], of: Sequence[Field] | None = None
) -> tuple[Answer, ...]:
    """Return every field with what fills it: what a person said, else what was found, else the question.

    Of hazards and of WP216's questions a person's word follows what was found: a "no" replaces no attack.

    Parameters
    ----------
    of : sequence of Field, optional
        Those of the forms by default.
    found : Mapping
        By the field's id: what privkit found, or a `NotApplicable`. Nothing that only a person knows.
    said : Mapping
        By the field's id: what a person says, checked.
    """
    told = {name for name, value in found.items() if not isinstance(value, NotApplicable)}
    every = fields() if of is None else of
    strange = [field.id for field in every if field.source == "person" and field.id in told]
    assert not strange, f"only a person can say {strange}"
    return tuple(_answer(field, found.get(field.id), said.get(field.id)) for field in every)


def _answer(field: Field, found: Any, said: Any) -> Answer:
    if said is not None:
        if found is None or isinstance(found, NotApplicable) or field.form not in _BESIDE:
            return Answer(field, "filled", "person", said)
        return Answer(field, "filled", field.source, f"{found} A person says: {said}")
    if isinstance(found, NotApplicable):
        return Answer(field, "not applicable", field.source, found.why)
    return Answer(field, "asked" if found is None else "filled", "person" if found is None else field.source, found)


def checked(answers: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what a person says of fields, each of its field's kind.

    Raises
    ------
    DossierError
        Tells everything that is wrong at once; no answer is quoted.
    """
    problems: list[str] = []
    read = dict(_read(answers, problems))
    if problems:
        raise DossierError.of(problems)
    return read


def _read(answers: Mapping[Any, Any], problems: list[str]) -> Iterator[tuple[str, Any]]:
    known = {field.id: field for field in (*fields(), *impact_fields())}
    for name, value in answers.items():
        field = known.get(name)
        if field is None:
            near = close_matches(name, known)
            told = repr(name) if isinstance(name, str) else type_told(name)
            problems.append(f"answers= has {told}, which is no field." + (f" Near: {listed(near)}." if near else ""))
        elif field.fixed:
            problems.append(f"{name!r} is a fact of the ledger: it cannot be answered otherwise.")
        elif (fit := _of_kind(field, value)) is None:
            allowed = {
                "texts": "a list of texts, none of them blank",
                "date": "a date, or its text as '2026-11-30'",
                "level": "1 to 4 (negligible, limited, significant, greatest), or a text as '3: why'",
            }
            what = f"one of {listed(field.choices)}" if field.choices else allowed.get(field.kind, "a text, not blank")
            problems.append(f"{name!r} is {type_told(value)} that does not fit: it must be {what}.")
        else:
            yield name, fit


def _of_kind(field: Field, value: Any) -> Any:
    """Return a value in the form of its field; None where it does not fit."""
    if field.kind == "texts":
        several = [value] if isinstance(value, str) else value
        fits = isinstance(several, list | tuple) and several and all(_is_text(one) for one in several)
        return tuple(several) if fits else None
    if field.kind == "date":
        try:
            return day(value, field.id).isoformat()
        except ParameterError:
            return None
    if field.kind == "level":
        found = _LEVEL.fullmatch(str(value)) if type(value) is int or isinstance(value, str) else None
        return None if found is None else (int(found[1]), (found[2] or "").strip())
    return value if _is_text(value) and (not field.choices or value in field.choices) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
