"""What tests of training share: a model to be trained."""

from fractions import Fraction

from privkit.dp.training.logistic import Logistic
from privkit.dp.training.steps import featured
from privkit.values.bounds import ValueBounds
from privkit.values.keys import public_keys


def model(clip="1.5", steps=5, penalty="0.001", levels=("a", "b", "1")):
    """Whether x is above 1, by x and by k."""
    columns = featured({"x": ValueBounds(0.0, 10.0), "k": public_keys(["k"], list(levels))})
    classes = public_keys(["y"], ["no", "yes"])
    return Logistic("y", classes, columns, steps, Fraction(clip), Fraction(penalty))
