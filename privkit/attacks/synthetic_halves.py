"""`release.attack(df)`: synthetic rows drawn anew of half of the persons, by the simulator, and both halves attacked.

Rows are drawn under differential privacy, so drawing them anew would be paid for. Nothing is: the simulator's noise has
the law of the real one, the rows that it draws are seen by the attacks alone, and what is told is a report for the
owner's eyes, as every attack's. Decision 23.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.halves import groups_of, halves_of, one_each
from privkit.attacks.tables import LEAST, AttackReport, attacked
from privkit.dp.answers.synthetic_rows import synthetic_of
from privkit.dp.simulate import Simulator, can_simulate
from privkit.errors import ParameterError, PrivkitError
from privkit.errors.attacks import AttackError
from privkit.project.release import check_frame
from privkit.tally.codes import factorized
from privkit.tally.frame import column_names, open_frame
from privkit.tally.predicate import rows_of
from privkit.tally.row_classes import chosen_columns
from privkit.values.arguments import column_name, positive_int, whole

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.answers.release import Release
    from privkit.dp.question import Question

    Ints = NDArray[np.int64]


def of_result(
    release: Release,
    data: object,
    *,
    columns: str | Sequence[str] | None,
    secret: str | None,
    targets: int,
    seed: int,
    by: str | None,
) -> AttackReport:
    """Return the report on rows that were drawn anew of half of the persons: see `Release.attack`.

    Whole persons are drawn, and of each one row is attacked. Reads rows; spends nothing.
    """
    most, start = positive_int(targets, "targets"), whole(seed, "seed")
    asked, question = synthetic_of(release), release.plan.question
    if asked is None:
        raise AttackError.no_rows()
    check_frame(data, question)
    beside = [] if by is None else [column_name(by, "by")]
    open_frame(data, beside, "by")
    frame = chosen_columns(data, list(dict.fromkeys([*question.frame_columns, *beside])), "data")
    rows, who = _asked(frame, question)
    if (n := len(np.unique(who))) < 2 * LEAST:
        raise AttackError.too_few("the original", n, 2 * LEAST)
    inside, outside = halves_of(who, start)
    made = _made(release, frame.iloc[rows[inside]].reset_index(drop=True), start)
    names = list(made.columns)
    if columns is not None:
        names = list(column_names(columns, "columns"))
        open_frame(made, names, "columns")
    if len(names) < 2:
        raise ParameterError.of("columns", "one column", "two or more: what links, and what is linked")
    if len(made) < LEAST:
        raise AttackError.too_few("the result of a half", len(made), LEAST)
    sides = [rows[side[one_each(who[side], start)]] for side in (inside, outside)]
    members, controls = (frame.iloc[side].reset_index(drop=True) for side in sides)
    frames = [members[names], made[names], controls[names]]
    options: dict[str, Any] = {"secret": secret, "own": None, "most": most, "seed": start, "halves": True}
    return attacked(frames, names, {}, groups=groups_of(by, members, controls), **options)


def _asked(frame: pd.DataFrame, question: Question) -> tuple[Ints, Ints]:
    """Return the rows that the question is about, and each one's person."""
    rows = rows_of(frame, question.selected)
    if question.unit.column is None:
        return rows, np.arange(len(rows))
    who = factorized(frame[question.unit.column].iloc[rows])[0]
    return rows[who >= 0], who[who >= 0]  # rows of nobody are in no answer


def _made(release: Release, half: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return rows that the simulator draws of a half; what fails is told without its cause, which may hold values."""
    plan, asked = release.plan, synthetic_of(release)
    assert asked is not None
    can_simulate(plan)
    try:
        draw = Simulator(np.random.default_rng([seed, 4]))
        cells = asked.simulated(half, plan.question, plan.noise, plan.loss, draw)
        return asked.frame(np.asarray(cells, dtype=np.int64))
    except PrivkitError:
        raise
    except Exception:  # noqa: BLE001, S110 - raised below, so that no traceback leads to the cause
        pass
    raise AttackError.half_fails()
