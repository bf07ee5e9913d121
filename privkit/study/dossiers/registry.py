"""The OpenDP Deployments Registry: what the ledger and the inventory know of a record, its schema, and its YAML.

The schema is that of 15 July 2026; ``forms.toml`` holds its fields. What only a person knows is asked, never invented:
a record with open questions is a draft, and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from privkit.dp.answers.provenance import loss_amounts
from privkit.errors.engines import LibraryRequiredError
from privkit.study.dossiers.form import Answer, Field, fields
from privkit.study.dossiers.statement import MODELS, ROWS, Statement
from privkit.values.loss import Measure
from privkit.values.show import printable

if TYPE_CHECKING:
    from privkit.inventory.inventory import Inventory

#: The registry's schema that a record is made for.
SCHEMA = "2026-07-15"
_VARIANTS = {
    Measure.PURE: "Pure DP",
    Measure.APPROXIMATE: "Approximate DP",
    Measure.ZERO_CONCENTRATED: "Zero-concentrated DP",
    Measure.APPROXIMATE_ZERO_CONCENTRATED: "Zero-concentrated DP",
}
_FORM = "registry."


# -- what is known -------------------------------------------------------------------------------------------------


def registry(told: Statement, inventory: Inventory | None) -> Iterator[tuple[str, Any]]:
    """Yield the fields of the registry that the ledger and the inventory fill, by their ids."""
    if inventory is not None and (purposes := _purposes(inventory)):
        yield "registry.basic.intended_use", "; ".join(purposes)
    for part in (_basic, _loss, _model, _accounting):
        yield from ((_FORM + name, value) for name, value in part(told))


def _purposes(inventory: Inventory) -> list[str]:
    return list(dict.fromkeys(printable(entry.purpose) for entry in inventory if entry.purpose.strip()))


def _basic(told: Statement) -> Iterator[tuple[str, Any]]:
    yield "url_slug", slug(told.name)
    yield "status", "Draft"
    yield "basic.name", printable(told.name)
    if not (answered := told.answered):
        return  # there is no product yet
    kinds = {_kind(one.statistics) for one in answered}
    yield "basic.data_product_type", kinds.pop() if len(kinds) == 1 else "Summary statistics"
    asked = list(dict.fromkeys(one.question for one in answered))
    more = f" and {len(asked) - 20:,} more" if len(asked) > 20 else ""
    yield "basic.description", f"{_releases(told)}: {'; '.join(asked[:20])}{more}."
    head = told.balance
    yield "administrative.sources", f"privkit ledger of project {told.name!r}, record {head.seq}, SHA-256 {head.hash}"
    yield "administrative.notes", "Filled by privkit from the project's ledger; see the questions that are open."


def _kind(statistics: Sequence[str]) -> str:
    if ROWS & {*statistics}:
        return "Synthetic data"
    return "Machine learning model" if MODELS & {*statistics} else "Summary statistics"


def _releases(told: Statement) -> str:
    count = len(told.answered)
    return f"{count:,} differentially private {'release' if count == 1 else 'releases'}"


def _loss(told: Statement) -> Iterator[tuple[str, Any]]:
    budget, charged, unit = told.terms.budget, told.charged, told.terms.unit
    yield "dp_variant.variant_name", _VARIANTS[budget.measure]
    bounds = f" of which {told.terms.bounds} count" if told.terms.bounds is not None and not unit.is_row else ""
    yield "dp_variant.data_domain", f"All tables with the columns that the questions name; the unit is {unit}{bounds}."
    public = sorted({name for one in told.charges for name in one.public})
    spelled = f" Declared or said: {'; '.join(public)}." if public else ""
    yield (
        "dp_variant.unprotected_quantities",
        "The questions and their times; the groups, bounds, bins and candidates that they name, which are public facts "
        f"and are not read from the data.{spelled} No statistic is released without noise by this project.",
    )
    yield "privacy_loss.privacy_unit", _level(told)
    yield "privacy_loss.privacy_unit_details", _adjacent(told)
    amounts = loss_amounts(charged)
    yield "privacy_loss.privacy_parameters", {name: one for name, one in amounts.items() if one is not None}
    yield (
        "privacy_loss.privacy_parameters_details",
        f"Charged so far: {charged}, of a budget of {budget}, by all questions together, unanswered ones included. The "
        f"dearest charge: {max((one.cost for one in told.charges), key=lambda cost: cost.main, default='none')}.",
    )


def _level(told: Statement) -> str:
    unit = told.terms.unit
    if unit.column is not None:
        return "User-level" if unit.per is None else f"User-{unit.per}"
    return "Event-level (one row)" if unit.max_rows is None else f"User-level, of at most {unit.max_rows} rows each"


def _adjacent(told: Statement) -> str:
    unit = told.terms.unit
    if unit.column is None:
        rows = "one row" if unit.max_rows is None else f"at most {unit.max_rows} rows"
        return f"Adjacent datasets differ in {rows}, added or removed (symmetric distance)."
    within = "" if unit.per is None else f" within one {unit.per} of {unit.time!r}"
    return f"Adjacent datasets differ in all rows{within} that have one value of {unit.column!r}, added or removed."


def _model(told: Statement) -> Iterator[tuple[str, Any]]:
    terms, part = told.terms, "deployment_model."
    yield part + "model_name", "Central"
    yield (
        part + "model_name_details",
        "Whoever runs privkit reads the raw rows. The loss is reserved in the ledger, noise is drawn, and only the "
        "noisy answer leaves.",
    )
    if told.charges:
        yield part + "release_type", "One release" if len(told.answered) == 1 else "Many releases"
        window = f" Within any {terms.window.days} days at most {terms.window.limit}." if terms.window else ""
        ended = " The project is closed: nothing is charged to it any more." if told.ended else ""
        refilled = _extended(told) or "The budget is never refilled"
        first, last = told.charges[0].time[:10], told.charges[-1].time[:10]
        yield (
            part + "release_type_details",
            f"{_releases(told)} from {first} to {last}. {refilled}; what is left of it is "
            f"{told.balance.remaining}.{window}{ended}",
        )
    each = "Analysts have no limits of their own"
    if terms.allotments:
        each = "Analysts have limits of their own, of different amounts"
    elif terms.per_analyst:
        each = f"Each analyst has at most {terms.per_analyst}"
    yield (
        part + "access_type_details",
        f"{each}. The total holds for all together, so that it does not matter whether they work together. "
        f"Analysts so far: {told.analysts}.",
    )


def _extended(told: Statement) -> str:
    """Return that the budget was raised, as its owner may; empty where it was not."""
    raised = [one for one in told.extensions if one.before.budget != one.after.budget]
    if not raised:
        return ""
    each = ", ".join(f"to {one.after.budget} on {one.time[:10]}" for one in raised)
    return f"The budget was begun with {raised[0].before.budget} and extended by its owner, on record: {each}"


def _accounting(told: Statement) -> Iterator[tuple[str, Any]]:
    if not told.charges:
        return
    symbol = told.terms.budget.measure.symbol
    delta = " and of δ" if told.terms.budget.measure.has_delta else ""
    yield (
        "accounting.post_processing",
        "Answers are stored as they were drawn. Intervals, rounding, ratios and tables made consistent are computed "
        "from them alone; the ledger does not record what else is done to published numbers.",
    )
    yield (
        "accounting.composition",
        f"Sequential: the sum of {symbol}{delta} over all questions, exact fractions rounded up, whoever asks and "
        "whatever earlier answers were (a privacy filter). Disjoint groups of one question are composed in parallel.",
    )
    clipped = sorted({name for one in told.charges for name in one.clipped})
    held = f" Values are clipped to public bounds: {', '.join(map(repr, clipped))}." if clipped else ""
    selected = sum(one.where for one in told.charges)
    some = f" {selected:,} of {len(told.charges):,} questions select or derive row by row." if selected else ""
    late = sum("after a check" in name for one in told.charges for name in one.public)
    looked = f" {late:,} public facts were declared after somebody had looked at the rows." if late else ""
    yield (
        "implementation.preprocessing_and_hyperparameter_tuning",
        f"Prices and noise are found without reading a row.{held}{some}{looked} What else was looked up in the data "
        "before is not recorded.",
    )
    yield (
        "implementation.mechanisms",
        f"{', '.join(told.noises) or 'as recorded by entry'}. Noise is drawn by OpenDP on exact whole numbers "
        f"({', '.join(told.versions) or 'no answer yet'}). Running time is not hidden.",
    )


def slug(name: str) -> str:
    """Return a name as a part of an address.

    Examples
    --------
    >>> slug("Churn, Zürich 2026"), slug("  ")
    ('churn-zurich-2026', 'project')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "project"


# -- the record ----------------------------------------------------------------------------------------------------


def tier_of(answers: Sequence[Answer]) -> int:
    """Return how complete a record is: the last tier up to which no field is open; 1 at least."""
    held = [one.field.tier for one in answers if one.field.form == "registry" and one.state == "asked"]
    return max(1, min((tier for tier in held if tier), default=4) - 1)


def record(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the record as plain values: fields that are open are left out."""
    found: dict[str, Any] = {}
    for one in answers:
        if one.field.form != "registry" or one.state != "filled":
            continue
        *way, name = one.field.name.split(".")
        place = found.setdefault("deployment", {}) if way else found
        for step in way:
            place = place.setdefault(step, {})
        place[name] = list(one.value) if isinstance(one.value, tuple) else one.value
    return found


def as_yaml(answers: Sequence[Answer]) -> str:
    """Return the record as YAML, its open questions as comments above it.

    Raises
    ------
    LibraryRequiredError
        If PyYAML (the extra ``yaml``) is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise LibraryRequiredError.of("PyYAML", "yaml") from None
    asked = [one.field for one in answers if one.field.form == "registry" and one.state == "asked"]
    lines = [f"# OpenDP Deployments Registry, schema of {SCHEMA}; filled by privkit."]
    lines += [f"# open: {field.name}: {field.ask}" for field in asked]
    text: str = yaml.safe_dump(record(answers), sort_keys=False, allow_unicode=True, width=100)
    return "\n".join([*lines, text])


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a whole record, made of the fields."""
    top: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_object()}
    for field in fields():
        if field.form != "registry":
            continue
        *way, name = field.name.split(".")
        place = top
        for step in ["deployment", *way] if way else []:
            place = place["properties"].setdefault(step, _object())
        place["properties"][name] = _property(field)
        if field.required:
            place["required"].append(name)
    top["required"].append("deployment")
    top["properties"]["deployment"]["required"].append("basic")
    return top


def _object() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}, "required": []}


def _property(field: Field) -> dict[str, Any]:
    if field.kind == "texts":
        return {"type": "array", "items": {"type": "string"}, "minItems": 1}
    if field.kind == "date":
        return {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    if field.kind == "tier":
        return {"type": "integer", "enum": [1, 2, 3]}
    if field.kind == "amounts":
        amounts = {"epsilon": {"type": "number"}, "delta": {"type": ["number", "string"]}, "rho": {"type": "number"}}
        return {**_object(), "properties": amounts}
    return {"type": "string", **({"enum": list(field.choices)} if field.choices else {})}
