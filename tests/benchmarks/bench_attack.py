"""Attacks: the detection curve on planted leaks, and Adult, telco and shop before and after what is done to them.

On Adult's nine columns every attack is to find the whole copy, and 5 % of copies with 5,000 members and 5,000 controls,
in at most 60 s on two cores.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

import privkit as pk

DATA = Path(__file__).parents[1] / "data"
#: Of Adult and telco: half of them are members.
ROWS = 4_000


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


def intervals(before: pd.DataFrame, after: pd.DataFrame, numbers: list[str], k: float = 0.01) -> float:
    """Return sdcMicro's dRisk, by its definition: the share of rows whose values all lie near what was made of them.

    Near is within k standard deviations (of the values as they were) of the perturbed value; 0.01 is that of its pages.
    The method is SDID of Mateo-Sanz, Sebé and Domingo-Ferrer 2004, Outlier protection in continuous microdata masking.
    """
    apart = np.abs(before[numbers].to_numpy(float) - after[numbers].to_numpy(float))
    return float((apart <= k * before[numbers].to_numpy(float).std(axis=0)).all(axis=1).mean())


def numbers_alone(title: str, frame: pd.DataFrame, numbers: list[str]) -> None:
    """Print dRisk beside what the attacks find by the same columns of numbers: an interval has no control."""
    print(f"{title}, {', '.join(numbers)}: dRisk (k = 0.01); nearest row: right, of others; membership beyond controls")
    rows = frame[numbers].dropna().reset_index(drop=True)
    for name, made in {
        "add_noise 0.02": pk.add_noise(rows, numbers, scale=0.02),
        "add_noise 0.5": pk.add_noise(rows, numbers, scale=0.5),
        "rank_swap 5 %": pk.rank_swap(rows, numbers, window=0.05),
        "microaggregate k=3, each alone": _each_alone(rows, numbers),
        "microaggregate k=3, together": pk.microaggregate(rows, numbers, k=3),
    }.items():
        if isinstance(made, pd.DataFrame):
            half = rows.sample(frac=0.5, random_state=2)
            found = pk.attack(half, _each_alone(half, numbers), control=rows.drop(half.index), aligned=True)
            after = made
        else:
            found, after = made.attack(), made.frame
        near, member = found["nearest"], found["membership"]
        risk = intervals(rows, after, numbers)
        beyond = f"{member.excess:+6.1%} [{member.interval[0]:+.1%}, {member.interval[1]:+.1%}]"
        right = f"{near.right.observed:6.1%} {near.right_control.observed:6.1%}"
        print(f"  {name:<31} {risk:6.1%}   {right}   {beyond}", flush=True)


def _each_alone(rows: pd.DataFrame, numbers: list[str]) -> pd.DataFrame:
    """Return the rows with each column microaggregated by itself (individual ranking, ``onedims`` in sdcMicro)."""
    return rows.assign(**{name: pk.microaggregate(rows, [name], k=3).frame[name].to_numpy() for name in numbers})


def synthetic(frame: pd.DataFrame, names: list[str], cuts: dict[str, list[float]]) -> None:
    """Print what is found in synthetic rows: each release is drawn anew of half of the rows."""
    keys = {name: sorted(frame[name].dropna().unique().tolist()) for name in names if name not in cuts}
    for epsilon in (0.3, 1, 3):
        with TemporaryDirectory() as folder:
            project = pk.open_project("rows", epsilon=epsilon, unit=pk.ROW, store=Path(folder) / "ledger.db")
            asked = {"keys": keys, "cuts": cuts, "epsilon": epsilon, "project": project}
            drawn = pk.dp_synthetic(frame, names, **asked)
            told(f"synthetic, ε = {epsilon}", lambda drawn=drawn: drawn.attack(frame))


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
    """Print all, or the parts that are named: curve, releases, tables."""
    asked = sys.argv[1:] or ["--curve", "--releases", "--tables"]
    for name, part in {"--curve": curve, "--releases": releases, "--tables": tables}.items():
        if name in asked:
            part()


def tables() -> None:
    """Print what is found in three tables before and after each change, and in synthetic rows."""
    adult = pd.read_csv(DATA / "adult" / "adult.csv.gz").sample(ROWS, random_state=0)
    before_and_after("Adult", adult, ["age", "sex", "race", "education"], ["age"], "occupation")
    synthetic(adult, list(adult), {"age": [17, 25, 35, 45, 55, 65, 91]})
    telco = pd.read_csv(DATA / "telco.csv.gz").dropna().sample(ROWS, random_state=0)
    before_and_after("Telco", telco, ["gender", "tenure", "PaymentMethod"], ["tenure"], "PaymentMethod")
    bins = {"tenure": [0, 6, 12, 24, 48, 73], "MonthlyCharges": [0, 30, 50, 70, 90, 120]}
    bins |= {"TotalCharges": [0, 500, 1000, 2000, 4000, 9000]}
    synthetic(telco, list(telco), {name: cuts for name, cuts in bins.items() if name in telco})
    shop = pk.example("shop").drop(columns=["pseudonym", "birth_date"])
    before_and_after("Shop", shop, ["sex", "postcode", "plan"], ["orders", "monthly_spend"], "category")
    synthetic(shop, list(shop), {"orders": [0, 2, 4, 8, 16, 100], "monthly_spend": [0, 10, 20, 40, 80, 10_000]})
    numbers_alone("Shop", shop, ["orders", "monthly_spend"])
    numbers_alone("Telco", pd.read_csv(DATA / "telco_churn.csv.gz"), ["tenure", "MonthlyCharges"])


if __name__ == "__main__":
    main()
