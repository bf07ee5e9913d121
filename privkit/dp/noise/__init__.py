"""Noise by OpenDP: how much a loss buys, how far it carries an answer, and what is chosen by it."""
