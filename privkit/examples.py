"""Bundled tables, with hierarchies, for tutorials and tests."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import typed

if TYPE_CHECKING:
    import pandas as pd

    from privkit.transform.hierarchies.hierarchy import Hierarchy

# How the columns are read that pandas would take for something else (a postcode is no number).
_READ: dict[str, dict[str, Any]] = {
    "adult": {},
    "cdr": {"parse_dates": ["time"], "date_format": "%Y-%m-%d %H"},
    "insights": {"dtype": dict.fromkeys(("msisdn", "email", "account_number", "zip", "plan", "churned"), "str")},
    "shop": {"dtype": {"postcode": "str"}, "parse_dates": ["birth_date"]},
    "shop_population": {"dtype": {"postcode": "str"}, "parse_dates": ["birth_date"]},
    "shop_register": {"dtype": {"postcode": "str"}, "parse_dates": ["birth_date"]},
    "shop_truth": {"dtype": {"voter_no": "Int64"}},
}
_HIERARCHIES = ("adult",)


@typed
def example(name: str = "insights") -> pd.DataFrame:
    """Return a bundled example table, read anew at each call.

    Parameters
    ----------
    name : str
        ``"insights"``
            The customers of a telecom, synthetic: 20,000 rows, one per customer, with direct identifiers (`msisdn`,
            `email`, `account_number`), quasi-identifiers (`zip`, `age`), and `plan`, `call_duration` in minutes and
            `churned`.
        ``"adult"``
            The 1994 US census extract that the literature measures on (UCI Adult): the 30,162 rows without a missing
            value, 9 columns; see `example_hierarchies`. Becker and Kohavi, UCI Machine Learning Repository (1996),
            doi 10.24432/C5XW20, CC BY 4.0.
        ``"shop"``
            What a shop gave away, synthetic: 1,161 customers under a `pseudonym`, with `sex`, `birth_date`,
            `postcode`, `plan`, `orders`, `monthly_spend` and `category`, the kind of goods they buy most.
        ``"shop_register"``
            A public list of people with names, synthetic: 3,418 people of the shop's town.
        ``"shop_population"``
            All 4,000 people of that town: `person_id`, `sex`, `birth_date`, `postcode`. No attacker has this list.
        ``"shop_truth"``
            Who is who, to judge an attack: `pseudonym`, `person_id`, `voter_no` (missing: not in the register).
        ``"cdr"``
            Call records, synthetic: 201,699 events of 1,000 users in 30 days, with the hour (`time`), the antenna
            (`cell`), the `type` (call, sms, data) and the `seconds` of calls. Many rows per person.

    Raises
    ------
    ParameterError
        For another name.

    Examples
    --------
    >>> example("insights").shape
    (20000, 8)
    >>> example("shop").columns.tolist()
    ['pseudonym', 'sex', 'birth_date', 'postcode', 'plan', 'orders', 'monthly_spend', 'category']
    """
    import pandas as pd

    if not isinstance(name, str) or name not in _READ:
        raise ParameterError.of("name", _shown(name), f"one of {sorted(_READ)}")
    with files("privkit").joinpath("data", f"{name}.csv.gz").open("rb") as file:
        return pd.read_csv(file, compression="gzip", **_READ[name])


def _shown(name: object) -> str:
    return repr(name) if isinstance(name, str) else type_told(name)


@typed
def example_hierarchies(name: str = "adult") -> dict[str, Hierarchy]:
    """Return the hierarchies of an example table by column, read from files in ARX's form.

    Parameters
    ----------
    name : {"adult"}
        The table, as in `example`. Its `income` has none: it is the sensitive attribute.

    Raises
    ------
    ParameterError
        For another name.

    Examples
    --------
    >>> hierarchies = example_hierarchies("adult")
    >>> list(hierarchies)
    ['age', 'education', 'marital-status', 'native-country', 'occupation', 'race', 'sex', 'workclass']
    >>> hierarchies["age"].labels(2)[:3]
    ['10-19', '20-29', '30-39']
    """
    from privkit.transform.hierarchies.hierarchy import Hierarchy

    if not isinstance(name, str) or name not in _HIERARCHIES:
        raise ParameterError.of("name", _shown(name), f"one of {sorted(_HIERARCHIES)}")
    with as_file(files("privkit").joinpath("data", f"{name}_hierarchies")) as folder:
        return {path.stem: Hierarchy.read_csv(path) for path in sorted(folder.glob("*.csv"))}
