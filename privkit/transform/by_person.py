"""Two tables with a key, persons and what they did, as two frames that each can be asked about by persons.

Claim
-----
Let one person's rows come or go, in both tables. Then that person's rows come or go in both frames, and all other rows
stay as they are.

Proof
-----
A row of the first frame is one of `persons`, with how many rows of `events` have its key; one of the second is a row of
`events` whose key a row of `persons` has, with the values of the first of these. So each is made of rows of one key
alone, and has that key: it is not touched where rows of another key come or go, and goes with its own. Keys are told
apart as privacy units are (`privkit.tally.codes`), so that no two of them are one here and two there. ∎

So what is asked of both frames, with the key as the privacy unit, protects persons as any question of one frame does,
and two answers cost what they cost together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors.synthetic import RelatedError
from privkit.tally.codes import factorized
from privkit.tally.frame import open_frame
from privkit.transform.as_pandas import pandas_frame
from privkit.values.arguments import column_name, public, typed, whole
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, repr=False, eq=False)
class PersonFrames(Shown):
    """Persons and what they did, laid out for `dp_synthetic`: exact rows, for the owner's eyes.

    Attributes
    ----------
    persons : pandas.DataFrame
        A row for each row of `persons`, with how many events there are.
    events : pandas.DataFrame
        A row for each event, with what is known of its person.
    repeated : int
        The rows of persons whose key an earlier row has.
    """

    persons: pd.DataFrame
    events: pd.DataFrame
    repeated: int = 0


@typed
def by_person(persons: Frame, events: Frame, key: str, *, most: int, count: str = "events") -> PersonFrames:
    """Lay two tables with a key out as two frames, of persons and of events, for `dp_synthetic`. Reads rows.

    Spends nothing; for the owner's eyes alone. Ask ``dp_synthetic`` of each with the key as the privacy unit: of the
    first with ``max_rows=1``, of the second with ``max_rows=most``; then `rows_of_persons` makes both tables of the
    answers.

    Parameters
    ----------
    persons, events : dataframe
        Both with the column `key`, of the same type: one row for each person, and any number of events of each.
    key : str
    most : int
        How many events of one person count, a public number: a count above it becomes `most`.
    count : str
        The name of the new column, from 0 to `most`.

    Returns
    -------
    PersonFrames
        `.persons` has the columns of `persons` and the count; `.events` has the columns of `events` and those of its
        person. Events of a key that no row of `persons` has, or of none, are left out. Indexes are new.

    Raises
    ------
    RelatedError
        If both have a column besides the key, the new column's name is taken, or the key's types differ.

    Notes
    -----
    Where several rows of `persons` have one key, each has the count, and events have the values of the first.
    Stability: one person's rows in, one person's rows out; the proof is in the module.

    Examples
    --------
    >>> import pandas as pd
    >>> customers = pd.DataFrame({"id": [1, 2, 3], "plan": ["a", "b", "a"]})
    >>> orders = pd.DataFrame({"id": [1, 1, 3], "price": [5, 7, 9]})
    >>> frames = by_person(customers, orders, "id", most=5)
    >>> frames.persons["events"].tolist(), frames.events["plan"].tolist()
    ([2, 0, 1], ['a', 'a', 'a'])
    """
    import pandas as pd

    name, told, largest = column_name(key, "key"), column_name(count, "count"), whole(most, "most", least=1)
    for argument, frame in (("persons", persons), ("events", events)):
        open_frame(frame, (name,), argument)
    first, second = (pandas_frame(frame).reset_index(drop=True) for frame in (persons, events))
    if both := [str(column) for column in first.columns if column in second.columns and column != name]:
        raise RelatedError.columns(both)
    if told in first.columns or told in second.columns:
        raise RelatedError.taken(told)
    if first[name].dtype != second[name].dtype:
        raise RelatedError.types(name)
    codes = factorized(pd.concat([first[name], second[name]], ignore_index=True))[0]
    ours, theirs = codes[: len(first)], codes[len(first) :]
    counts = np.bincount(theirs[theirs >= 0], minlength=int(codes.max(initial=0)) + 1)
    own = np.where(ours >= 0, np.minimum(counts[ours], min(largest, len(second))), 0)
    place = np.full(len(counts), -1, dtype=np.int64)
    some = np.flatnonzero(ours >= 0)[::-1]
    place[ours[some]] = some  # the first row of a key is written last
    at = np.where(theirs >= 0, place[theirs], -1)
    known = first.drop(columns=[name]).take(at[at >= 0]).reset_index(drop=True)
    joined = pd.concat([second[at >= 0].reset_index(drop=True), known], axis=1)
    repeated = int((ours >= 0).sum()) - len(np.unique(ours[ours >= 0]))
    return PersonFrames(first.assign(**{told: own}), joined, repeated)
