"""Trained models attacked: members by shadow models and by plain scores, attributes, and what scores give away."""
