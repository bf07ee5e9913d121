"""diffprivlib's mechanisms alone: exact aggregates by pandas, then noise in a loop, without any account."""

import diffprivlib
import numpy as np
from diffprivlib.mechanisms import Geometric, LaplaceTruncated
from ibm_diffprivlib import UNABLE
from worker import UPPER, exact, main, read


def prepare(folder, question, unit):
    if unit != "row":
        return UNABLE
    if question == "d":
        return "has no mechanism for it beside the tool"
    frame = read(folder, question)
    if question == "c":

        def moments():
            groups = exact(frame, "c")
            noise = LaplaceTruncated(epsilon=0.5, sensitivity=UPPER, lower=-1e18, upper=1e18)
            count = Geometric(epsilon=0.5)
            sizes = frame.groupby("zip3").size().reindex(groups["sum"].index, fill_value=0)
            noisy = np.array([noise.randomise(float(value)) for value in groups["sum"]])
            return {"sum": noisy, "mean": noisy / np.maximum([count.randomise(int(size)) for size in sizes], 1)}

        return moments

    def counted():
        noise = Geometric(epsilon=1.0)
        return {"count": [noise.randomise(int(size)) for size in exact(frame, question)["count"]]}

    return counted


notes = {"": "noise on what pandas found: no check of sensitivity, no bounds, no account of the spending"}
main("diffprivlib, bare mechanism", diffprivlib.__version__, prepare, notes)
