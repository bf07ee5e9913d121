"""Differential privacy: question → plan → measurement → release. The one room that imports OpenDP."""
