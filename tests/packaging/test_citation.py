"""The citation file is valid, and says the same as the package."""

import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: The keys of schema 1.2.0 (citation-file-format.github.io), and those it asks for.
ALLOWED = {
    *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers", "keywords"),
    *("license", "license-url", "message", "preferred-citation", "references", "repository", "repository-artifact"),
    *("repository-code", "title", "type", "url", "version"),
}
REQUIRED = {"authors", "cff-version", "message", "title"}
PERSON = {"family-names", "given-names", "name-particle", "name-suffix", "alias", "affiliation", "orcid", "email"}
ENTITY = {"name", "address", "alias", "city", "country", "email", "orcid", "website"}


def test_its_keys_are_those_of_the_schema():
    assert CITATION["cff-version"] == "1.2.0"
    assert set(CITATION) <= ALLOWED
    assert set(CITATION) >= REQUIRED
    assert CITATION["type"] in {"software", "dataset"}


@pytest.mark.parametrize("work", [CITATION, *CITATION.get("references", [])], ids=lambda work: work["title"][:20])
def test_each_work_has_authors_that_are_persons_or_entities(work):
    assert work["authors"]
    for author in work["authors"]:
        assert set(author) <= (ENTITY if "name" in author else PERSON)
    assert {"authors", "title", "type"} <= set(work)


def test_it_agrees_with_the_package():
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["license"] == PROJECT["license"]
    assert set(CITATION["keywords"]) == set(PROJECT["keywords"])
