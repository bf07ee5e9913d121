"""Anonymity models: each file holds a criterion, its figures, which classes meet it, its report and its function."""

#: What ``privkit`` exports of this room, by module. Every criterion stands here: a test compares with `Part.kinds`.
EXPORTS: dict[str, tuple[str, ...]] = {
    "alpha_k": ("AlphaK", "AlphaKReport", "alpha_k"),
    "beta_likeness": ("BetaLikeness", "BetaLikenessReport", "beta_likeness"),
    "criterion": ("AllOf",),
    "delta_disclosure": ("DeltaDisclosure", "DeltaDisclosureReport", "delta_disclosure"),
    "kanonymity": ("KAnonymity", "KAnonymityReport", "kanon"),
    "ldiversity": ("LDiversity", "LDiversityReport", "ldiv"),
    "population": ("DeltaPresence", "DeltaPresenceReport", "KMap", "KMapReport", "delta_presence", "kmap"),
    "reports": ("CheckReport", "check"),
    "table_risk": ("AverageRisk", "PopulationUniqueness", "SampleUniqueness"),
    "tcloseness": ("TCloseness", "TClosenessReport", "ValueTree", "tclose"),
}
