"""Somebody's own private function, audited: what enters its noise, and what its answers tell; decision 20."""
