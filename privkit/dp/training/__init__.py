"""Models that are trained in steps, each of which looks at the noisy answers to those before."""
