"""The Data Privacy Vocabulary (DPV 2): what the owner says of columns, by IRI where his words are one of its terms.

A purpose, a legal basis or a recipient gets an IRI only where it *is* the name of a term, or an IRI of it; nothing is
guessed from other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from privkit.values.show import printable

if TYPE_CHECKING:
    from privkit.inventory.inventory import Inventory

_DPV, _GDPR = "https://w3id.org/dpv#", "https://w3id.org/dpv/legal/eu/gdpr#"
#: Terms by kind; the name is that of the IRI, and is known again whatever its case and blanks.
_TERMS = {
    "legal_basis": ("Consent", "Contract", "LegalObligation", "VitalInterest", "PublicInterest", "LegitimateInterest"),
    "purpose": (
        "AcademicResearch", "Advertising", "CommercialResearch", "CustomerManagement", "DirectMarketing",
        "FraudPreventionAndDetection", "FulfilmentOfContractualObligation", "LegalCompliance", "Marketing",
        "NonCommercialResearch", "Personalisation", "PublicBenefit", "ResearchAndDevelopment", "ServiceOptimisation",
        "ServiceProvision", "ServiceUsageAnalytics",
    ),
    "recipients": ("Authority", "DataController", "DataProcessor", "DataSubProcessor", "Recipient", "ThirdParty"),
}  # fmt: skip
#: A point of Article 6(1) GDPR, as lawyers write it.
_ARTICLE = re.compile(r"(?:gdpr\s+)?art(?:icle|\.)?\s*6\s*\(?1\)?\s*\(?([a-f])\)?(?:\s+gdpr)?", re.IGNORECASE)
_IRI = re.compile(r"https://w3id\.org/dpv(?:/[\w/-]+)?#[\w-]+")


def iri_of(kind: str, said: str) -> str | None:
    """Return the IRI that a purpose, a legal basis or a recipient is; None where it is none.

    Examples
    --------
    >>> iri_of("legal_basis", "legitimate interest"), iri_of("legal_basis", "Art. 6(1)(a) GDPR")
    ('https://w3id.org/dpv#LegitimateInterest', 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a')
    >>> iri_of("purpose", "churn by area") is None
    True
    """
    text = said.strip()
    if _IRI.fullmatch(text):
        return text
    if kind == "legal_basis" and (found := _ARTICLE.fullmatch(text)):
        return f"{_GDPR}A6-1-{found[1].lower()}"
    plain = re.sub(r"[\s_-]+", "", text.removeprefix("dpv:")).lower()
    return next((_DPV + term for term in _TERMS[kind] if term.lower() == plain), None)


def letter_of(said: str) -> str:
    """Return the point of Art. 6(1) GDPR that a legal basis is; empty where its words name none.

    Examples
    --------
    >>> letter_of("legitimate interest"), letter_of("Art. 6(1)(a) GDPR"), letter_of("we need it")
    ('f', 'a', '')
    """
    if (iri := iri_of("legal_basis", said)) is None:
        return ""
    if found := re.match(rf"{re.escape(_GDPR)}A6-1-([a-f])\b", iri):
        return found[1]
    bases = [_DPV + term for term in _TERMS["legal_basis"]]  # in the order of the points
    return "abcdef"[bases.index(iri)] if iri in bases else ""


def terms_of(inventory: Inventory) -> Iterator[dict[str, object]]:
    """Yield each purpose, legal basis and recipient once: `kind`, `said`, `columns` and `iri`."""
    for kind in _TERMS:
        told: dict[str, list[str]] = {}
        for entry in inventory:
            value = getattr(entry, kind)
            for text in [value] if isinstance(value, str) else value:
                if text.strip():
                    told.setdefault(text, []).append(entry.name)
        for said, columns in told.items():
            yield {"kind": kind, "said": printable(said), "columns": columns, "iri": iri_of(kind, said)}
