"""What a perturbation of values gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Perturbed(Plotted):
    """A frame in which values of some columns were changed, and what that does not promise.

    Attributes
    ----------
    frame : dataframe
        The new frame; rows keep their order and index.
    method : str
        What was done.
    columns : tuple of str
        Where.
    parameters : dict
        With which parameters.
    changed_ : int
        Rows in which any of the columns has another value.
    n_rows : int
        All rows.
    figures_ : dict of str to dict
        Per column what it cost: mean and standard deviation before and after, correlation of old and new values
        (numbers), or the share of unchanged values.
    no_promise : str
        What the method does not protect from.
    """

    frame: Any
    method: str
    columns: tuple[str, ...]
    parameters: dict[str, Any]
    changed_: int
    n_rows: int
    figures_: dict[str, dict[str, float]]
    no_promise: str

    def to_frame(self) -> pd.DataFrame:
        """Return the figures, one row per column."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.figures_, orient="index")
