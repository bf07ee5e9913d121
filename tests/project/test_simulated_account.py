"""The simulated account has every public name of the real one."""

import inspect

from privkit.budget.account import Account
from privkit.budget.simulated import SimulatedAccount
from privkit.budget.terms import ProjectTerms
from privkit.values.loss import PrivacyLoss
from privkit.values.unit import ROW


def test_whatever_a_project_asks_of_a_ledgers_account_the_simulated_one_answers():
    simulated = SimulatedAccount("shop", ProjectTerms(PrivacyLoss.of(epsilon=1), ROW), 1)
    for name, member in inspect.getmembers(Account):
        if name.startswith("_"):
            continue
        assert hasattr(simulated, name), name
        if inspect.isfunction(member):
            theirs, mine = (
                set(inspect.signature(getattr(kind, name)).parameters) for kind in (Account, SimulatedAccount)
            )
            assert theirs <= mine, name
