"""The ``dp_*`` functions: from what a user types to a question, its plan, and its release."""
