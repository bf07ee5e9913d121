"""Pitman's fit against SciPy's maximum of the same likelihood, on 200 sets of columns of the bundled tables."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "anonymity"))

from test_population_uniques import column_sets, meets_scipys_maximum


def test_pitmans_fit_reaches_the_maximum_that_scipy_finds_on_200_sets():
    fitted = [meets_scipys_maximum(*each) for each in column_sets(("adult", "shop", "insights", "cdr"), 70)]
    assert sum(fitted) >= 150
