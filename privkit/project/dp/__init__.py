"""The ``dp_*`` functions: from what a user types to a question, its plan, and its release."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(__name__, ["plan"])  # `pk.plan`
