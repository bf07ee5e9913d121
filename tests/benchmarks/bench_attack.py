"""Attacks: the detection curve on planted leaks, and Adult, telco and shop before and after what is done to them.

On Adult's nine columns every attack is to find the whole copy, and 5 % of copies with 5,000 members and 5,000 controls,
in at most 60 s on two cores.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

import privkit as pk

DATA = Path(__file__).parents[1] / "data"


def told(name: str, make: Callable[[], pk.AttackReport]) -> pk.AttackReport:
    """Print what five attacks find, in percent, and the seconds that they took."""
    start = time.perf_counter()
    found = make()
    seconds = time.perf_counter() - start
    cells = [
        f"{one.rate.observed:7.1%} {one.excess:+7.1%} [{one.interval[0]:+.1%}, {one.interval[1]:+.1%}]"
        for one in found.values()
    ]
    print(f"  {name:<28}" + " ".join(f"{cell:<33}" for cell in cells) + f" {seconds:5.1f} s", flush=True)
    return found


def curve() -> None:
    adult = pd.read_csv(DATA / "adult" / "adult.csv.gz").sample(frac=1, random_state=1)
    members, controls = adult.iloc[:25_000], adult.iloc[25_000:]
    print(f"Adult, {len(members):,} members, {len(controls):,} controls: a copy")
    found = told("copy", lambda: pk.attack(members, members, control=controls))
    print(found.curve().round(4).to_string(index=False))
    for name, one in found.items():
        print(f"  {name:<14} power {one.power}: {'holds' if one.power is not None and one.power <= 0.05 else 'FAILS'}")
    print(f"Adult, all {len(adult):,} rows, made anew of a half")
    told("add_noise", pk.add_noise(adult, "age", scale=0.02).attack)


def before_and_after(title: str, frame: pd.DataFrame, qi: list[str], numbers: list[str], named: str) -> None:
    print(f"{title}, {len(frame):,} rows, {len(frame.columns)} columns: singling out, linkability, inference, nearest, "
          "membership (found, beyond controls)")  # fmt: skip
    half = frame.sample(frac=0.5, random_state=2)
    rest = frame.drop(half.index)
    told("as it is", lambda: pk.attack(half, half, control=rest))
    for k in (5, 11):
        out = pk.anonymize(frame, qi, k=k)
        told(f"anonymize k={k}, all columns", out.attack)
        told(f"anonymize k={k}, qi alone", lambda out=out: out.attack(columns=qi))
    told("add_noise 0.02", pk.add_noise(frame, numbers, scale=0.02).attack)
    told("rank_swap 5 %", pk.rank_swap(frame, numbers, window=0.05).attack)
    told("microaggregate k=5", pk.microaggregate(frame, numbers, k=5).attack)
    told("pram 0.8", pk.pram(frame, named, keep=0.8).attack)


def releases() -> None:
    """Print what attacks find in counts of Adult's income: exact, with noise by hand, and under dp_count."""
    adult = pd.read_csv(DATA / "adult" / "adult.csv.gz").sample(3_000, random_state=0)
    random = np.random.default_rng(0)

    def naive(scale: float) -> Callable[[pd.DataFrame, str], pd.Series]:
        return lambda frame, name: (
            (counts := frame[name].value_counts()) + random.laplace(0, scale, len(counts))
        )  # fmt: skip

    keys = {name: sorted(set(adult[name])) for name in adult}
    with TemporaryDirectory() as folder:
        project = pk.open_project("bench", epsilon=10**6, unit=pk.ROW, store=Path(folder) / "ledger.db")
        ways = {"exact": lambda frame, name: frame[name].value_counts()}
        ways |= {f"noise of scale {scale} by hand": naive(scale) for scale in (1, 5)}
        ways |= {
            f"dp_count, ε = {epsilon}": lambda frame, name, epsilon=epsilon: (
                pk.dp_count(frame, name, keys=keys[name], epsilon=epsilon, project=project).value
            )
            for epsilon in (1, 0.1)
        }
        for name, publish in ways.items():
            start = time.perf_counter()
            found = pk.attack_release(adult, publish, "income", targets=50, repeats=5)
            print(f"{name}: {found.n_calls:,} calls, {time.perf_counter() - start:.1f} s, replayed {found.replayed}")
            print(found.to_frame().round(3).to_string(index=False), flush=True)


def main() -> None:
    curve()
    releases()
    adult = pd.read_csv(DATA / "adult" / "adult.csv.gz").sample(10_000, random_state=0)
    before_and_after("Adult", adult, ["age", "sex", "race", "education"], ["age"], "occupation")
    telco = pd.read_csv(DATA / "telco.csv.gz").dropna()
    before_and_after("Telco", telco, ["gender", "tenure", "PaymentMethod"], ["tenure"], "PaymentMethod")
    shop = pk.example("shop").drop(columns=["pseudonym", "birth_date"])
    before_and_after("Shop", shop, ["sex", "postcode", "plan"], ["orders", "monthly_spend"], "category")


if __name__ == "__main__":
    main()
