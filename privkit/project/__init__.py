"""Projects join differential privacy and the budget: reserve → measure → commit."""
