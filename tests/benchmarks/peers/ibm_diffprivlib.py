"""diffprivlib: its tools, which read data and keep account; a loop over groups where they do not group."""

import warnings

import diffprivlib
import numpy as np
import pandas as pd
from diffprivlib.tools import histogram, histogram2d, quantile
from diffprivlib.tools import sum as dp_sum
from worker import EDGES, KEYS, LOWER, UPPER, main, read

warnings.filterwarnings("ignore")
UNABLE = "knows no persons with several rows"


def prepare(folder, question, unit):
    if unit != "row":
        return UNABLE
    frame = read(folder, question)
    ages = frame["age"].to_numpy()
    if question == "a":  # its count_nonzero is cut off at the number of rows, which takes that as public
        return lambda: {"count": histogram(ages, epsilon=1.0, bins=1, range=(0, 200))[0]}
    if question == "d":
        return lambda: {"median": [quantile(ages, 0.5, epsilon=1.0, bounds=(18, 95))]}
    places = pd.Index(KEYS)
    edges = np.arange(len(KEYS) + 1)

    def zips():  # its histogram takes numbers, and the table has text
        codes, found = pd.factorize(frame["zip3"])
        return places.get_indexer(found)[codes]

    if question == "b":
        return lambda: {"count": histogram(zips(), epsilon=1.0, bins=edges)[0]}
    if question == "e":
        return lambda: {"count": histogram2d(zips(), ages, epsilon=1.0, bins=[edges, EDGES])[0].ravel()}

    def moments():
        sums = dict.fromkeys(KEYS, 0.0)
        for key, values in frame["amount"].groupby(frame["zip3"]):
            sums[key] = dp_sum(values.to_numpy(), epsilon=0.5, bounds=(LOWER, UPPER))
        found = np.array(list(sums.values()))
        return {"sum": found, "mean": found / histogram(zips(), epsilon=0.5, bins=edges)[0].clip(1)}

    return moments


if __name__ == "__main__":
    notes = {
        "a b e": "its histogram, of numbers: the places of texts among the keys are found by pandas, as timed",
        "c": "a loop over the groups; ε is split over sum and count by hand; its mean takes the size as public, and so "
        "does its sum, where it is cut off",
    }
    main("diffprivlib", diffprivlib.__version__, prepare, notes)
