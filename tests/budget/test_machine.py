"""Random histories against an exact model, a fast run; tests/slow/ledger_machine_long.py has the long one."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from ledger_machine import LedgerMachine

TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=10, stateful_step_count=20, suppress_health_check=list(HealthCheck))
