"""How far quantiles err, and how wide their intervals are, by the exact laws of three ways to choose them.

    python tests/benchmarks quantile_law

*Once*: a candidate by all of the price, without an interval. *Twice*: as earlier versions did, three fifths of ε (two
of ρ) for the candidate, the rest for a width. *At once*: a candidate and a width in one choice. Nothing is drawn and no
privkit is used: the laws are reckoned from the scores, for ρ as the exponential mechanism's, for ε as that of permute
and flip, P(j) = ∫ p_j · Π_{i≠j} (1 − u·p_i) du. Errors are from the exact quantile of the numbers.
"""

import math

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
FAR = 2**62
RATIOS = {"twice": math.sqrt(2), "at once": 2.0}


def law(scores, scale, *, concentrated):
    """Return the chance of each score to be chosen."""
    p = np.exp((scores - scores.max()) / scale)
    if concentrated:
        return p / p.sum()
    each, place, count = np.unique(p, return_inverse=True, return_counts=True)
    tails = (count * np.log1p(-NODES[:, None] * each)).sum(axis=1)
    found = np.array([(WEIGHTS * one / (1 - NODES * one) * np.exp(tails)).sum() for one in each])[place]
    return found / found.sum()


def widths(ratio, count):
    """Return how many candidates on each side an interval may reach, each about `ratio` times the one before."""
    found = [0]
    while found[-1] < count - 1:
        wider = math.isqrt(2 * found[-1] ** 2) + 1 if ratio < 2 else max(2 * found[-1], 1)
        found.append(min(wider, count - 1))
    return np.array(found)


def around(excess, place, target, reached):
    """Return the scores of the widths around a candidate."""
    last, low, high = len(excess) - 2, place - reached, place + reached
    below = np.where(low <= 0, FAR, -excess[np.maximum(low, 0)])
    beyond = np.where(high >= last, FAR, excess[np.minimum(high, last) + 1])
    enough = np.minimum(below, beyond)[: 1 + int(np.argmax((low <= 0) & (high >= last)))]
    return -np.maximum(np.maximum(target - enough, np.concatenate([[-FAR], enough[:-1]]) - target), 0)


class Asked:
    """A quantile of some numbers among even candidates, at a price."""

    def __init__(self, numbers, ends, count, q, price, *, concentrated):
        above, of = q
        self.candidates, self.concentrated, self.price = np.linspace(*ends, count), concentrated, price
        middles = (self.candidates[1:] + self.candidates[:-1]) / 2
        at = np.bincount(np.searchsorted(middles, numbers, side="right"), minlength=count)
        self.excess = of * np.concatenate([[0], np.cumsum(at)]) - above * len(numbers)
        self.scores = np.minimum(np.minimum(-self.excess[:-1], self.excess[1:]), 0)
        self.moved = max(above, of - above)
        self.true = np.quantile(numbers, above / of, method="inverted_cdf")

    def scale(self, share=1.0):
        """Return the scale of the noise on scores for a share of the price."""
        return (
            self.moved / math.sqrt(2 * self.price * share) if self.concentrated else 2 * self.moved / self.price / share
        )

    def law(self, scores, share=1.0):
        """Return the chance of each score at a share of the price."""
        return law(np.asarray(scores, dtype=float), self.scale(share), concentrated=self.concentrated)

    def judged(self, chance, place, width):
        """Return the error, the mean width of the interval, and how often it holds."""
        values, last = self.candidates, len(self.candidates) - 1
        half = np.diff(values) / 2
        low, high = np.maximum(place - width, 0), np.minimum(place + width, last)
        lower, upper = (values - np.append(0, half))[low], (values + np.append(half, 0))[high]
        held = (lower <= self.true) & (self.true <= upper)
        error = math.sqrt((chance * (values[place] - self.true) ** 2).sum())
        return error, float((chance * (upper - lower)).sum()), float((chance * held).sum())

    def once(self):
        """Return the error of one choice by all of the price."""
        return self.judged(self.law(self.scores), np.arange(len(self.scores)), 0)[0]

    def twice(self):
        """Return error, width and coverage of two choices."""
        share, reached = (0.4 if self.concentrated else 0.6), widths(RATIOS["twice"], len(self.candidates))
        lead = (len(reached) - 1) * (19 if self.concentrated else 10)
        target = math.ceil(self.scale(1 - share) * max(math.log(lead), 0)) if lead else 0
        chance = self.law(self.scores, share)
        places = np.flatnonzero(chance > 1e-12)
        each = [around(self.excess, place, target, reached) for place in places]
        joint = [chance[p] * self.law(found, 1 - share) for p, found in zip(places, each, strict=True)]
        return self._of_pairs(joint, places, reached)

    def at_once(self):
        """Return error, width and coverage of one choice among pairs of a candidate and a width."""
        reached = widths(RATIOS["at once"], len(self.candidates))
        blamed = 2 * len(reached) - 3
        target = math.ceil(self.scale() * math.log(19 * blamed)) if blamed > 0 else 0
        places = np.arange(len(self.candidates))
        each = [np.minimum(around(self.excess, p, target, reached), self.scores[p]) for p in places]
        joint = np.split(self.law(np.concatenate(each)), np.cumsum([len(found) for found in each])[:-1])
        return self._of_pairs(joint, places, reached)

    def _of_pairs(self, joint, places, reached):
        width = np.concatenate([reached[: len(found)] for found in joint])
        place = np.repeat(places, [len(found) for found in joint])
        return self.judged(np.concatenate(joint), place, width)


def numbers(name, count):
    """Return numbers of a kind, the same each time, and the ends of their candidates."""
    rng = np.random.default_rng(5)
    made = {
        "even": lambda: (np.arange(count) + 0.5) * 100 / count,
        "ages": lambda: np.round(rng.gamma(8, 5.5, count) + 3),
        "incomes": lambda: rng.lognormal(10.3, 0.6, count),
        "two peaks": lambda: np.where(rng.random(count) < 0.5, rng.normal(20, 3, count), rng.normal(80, 3, count)),
    }
    ends = (0, 200_000) if name == "incomes" else (0, 100)
    return made[name]().clip(*ends), ends


def main() -> None:
    """Print a table."""
    print("| price | numbers | rows | candidates | q | RMSE once | twice | at once | width twice | at once | covered |")
    print("|" + "---|" * 11)
    ratios = {"twice": [], "at once": []}
    for name in ("even", "ages", "incomes", "two peaks"):
        for rows in (200, 2_000, 100_000):
            found, ends = numbers(name, rows)
            for count in (11, 101, 1001):
                for q in ((1, 2), (9, 10)):
                    for price in (("ε", 1.0), ("ε", 0.1), ("ρ", 0.125), ("ρ", 0.005)):
                        asked = Asked(found, ends, count, q, price[1], concentrated=price[0] == "ρ")
                        once, (twice, wide, _), (ours, narrow, covered) = asked.once(), asked.twice(), asked.at_once()
                        if once > 0.001 * (ends[1] - ends[0]) / (count - 1):  # else all of them find the candidate
                            ratios["twice"].append(twice / once)
                            ratios["at once"].append(ours / once)
                        about = f"{q[0]}/{q[1]}"
                        told = f"{once:.4g} | {twice:.4g} | {ours:.4g} | {wide:.4g} | {narrow:.4g} | {covered:.4f}"
                        print(
                            f"| {price[0]} = {price[1]} | {name} | {rows:,} | {count} | {about} | {told} |",
                            flush=True,
                        )
    for way, all_of in ratios.items():
        print(f"\n{way}: RMSE over that of one choice: median {np.median(all_of):.2f}, largest {max(all_of):.2f}")


if __name__ == "__main__":
    main()
