"""What may be asked under differential privacy: each statistic with its reach, its error and its proof."""
