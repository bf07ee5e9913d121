from __future__ import annotations

from privkit.values.writing import with_interval


def test_a_half_width_is_shown_only_of_a_symmetric_interval():
    assert with_interval(812, 806, 818) == "812 ± 6"
    assert with_interval(32, 30, 40) == "32, 30 to 40"
    assert with_interval(0.3, 0.1, 0.5) == "0.30 ± 0.20"
