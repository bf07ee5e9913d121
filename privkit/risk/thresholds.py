"""Thresholds of risk as named presets with their source. Meeting one is no proof of anonymity."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from privkit.anonymity.criterion import share
from privkit.errors import ParameterError
from privkit.values.exact import Exact

if TYPE_CHECKING:
    from collections.abc import Mapping

_EL_EMAM = "El Emam 2013, Guide to the De-Identification of Personal Health Information: cell-size precedents"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A risk above which a row counts as at risk. The comparison is strict: k = 5 is not above 0.2.

    Presets named after a cell size stand for 1 over it: ``"cell_11"`` is 1/11, which tables print as 0.09. A plain
    0.09 is a little less than 1/11, so that classes of 11 are above it.

    Attributes
    ----------
    value : Exact
        Between 0 and 1.
    name : str
        The preset's name; empty where the user gave a number.
    source : str
        Who uses it.
    measure : {"row", "uniqueness"}
        What is compared: a row's risk, or the share of uniques in the table.
    """

    value: Exact
    name: str = ""
    source: str = "chosen by the user"
    measure: Literal["row", "uniqueness"] = "row"

    @property
    def cell(self) -> int:
        """The smallest class size that is not above the threshold; for a share of uniques 2, for 0 none (0)."""
        limit = self.row_value
        return -(-limit.denominator // limit.numerator) if limit else 0

    @property
    def row_value(self) -> Exact:
        """What a row's risk is compared with: above 1/2 are uniques alone."""
        return self.value if self.measure == "row" else Exact(1, 2)


def _cell(size: int, printed: str, use: str) -> Threshold:
    return Threshold(Exact(1, size), f"cell_{size}", f"cell of {size}, printed as {printed}; {use} ({_EL_EMAM})")


def _uniques(name: str, value: str) -> Threshold:
    return Threshold(Exact(value), name, "small-area rules of uniqueness, proposed (El Emam)", "uniqueness")


#: Presets by name. The values are precedents from practice, not law.
PRESETS: Mapping[str, Threshold] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            _cell(3, "0.33", "trusted recipients under agreement"),
            _cell(5, "0.2", "a common minimum"),
            _cell(11, "0.09", "public release of US health data"),
            _cell(20, "0.05", "public patient data"),
            Threshold(
                Exact(1, 11),
                "ema_0070",
                "EMA Policy 0070 and Health Canada PRCI: 9 % (cell of 11) for public release, in most circumstances",
            ),
            _uniques("uniques_0", "0"),
            _uniques("uniques_5", "0.05"),
            _uniques("uniques_20", "0.2"),
        )
    }
)


def threshold_of(value: object, function: str = "risk") -> Threshold:
    """Return a threshold from a number, a preset's name, or a threshold.

    Raises
    ------
    ParameterError
        For anything else.

    Examples
    --------
    >>> threshold_of("cell_11").value, threshold_of(0.2).cell
    (1/11, 5)
    """
    if isinstance(value, Threshold):
        return value
    if isinstance(value, str):
        if value in PRESETS:
            return PRESETS[value]
        allowed = f"a share between 0 and 1, or one of {sorted(PRESETS)}"
        raise ParameterError.of(function, "threshold", "an unknown name", allowed)
    return Threshold(share(value, function, "threshold"))


def above(value: Fraction) -> int:
    """Return the largest class size F whose risk 1/F is above `value`, strictly.

    1/F > a/b  <=>  a F < b, so F <= ceil(b/a) - 1.
    """
    return -(-value.denominator // value.numerator) - 1 if value else 2**62
