"""Realistic FIX logs with known ground truth, for demonstrations, tests and benchmarks.

A made-up buy-side firm trades with four counterparties in FIX 4.2, 4.4, 5.0 SP2 and 4.0. Its engines log sessions,
orders and mishaps the way real ones do; the truth about every order, execution, reject, session and file comes from
the simulator's own state. Invariant: the same ``messages`` and ``seed`` give byte-identical files, without a clock.
"""

from fix_transforms.simulate.firm import Simulation, simulate, write
from fix_transforms.simulate.truth import Truth, read_truth

__all__ = ["Simulation", "Truth", "read_truth", "simulate", "write"]
