"""What assessments of models say, what is measured over time, and the section of a dossier about both."""
