"""National numbers of persons by python-stdnum, where it is installed (the extra ``stdnum``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import MappingProxyType

from privkit.tally.shapes import Form

#: The number's name, by the module of python-stdnum that knows it.
NATIONAL = MappingProxyType(
    {
        "at.vnr": "Austrian social insurance number",
        "br.cpf": "Brazilian CPF",
        "ch.ssn": "Swiss AHV number",
        "de.idnr": "German tax number",
        "es.nif": "Spanish NIF",
        "fr.nir": "French NIR",
        "it.codicefiscale": "Italian codice fiscale",
        "nl.bsn": "Dutch BSN",
        "pl.pesel": "Polish PESEL",
        "se.personnummer": "Swedish personnummer",
    }
)


@cache
def national_forms() -> tuple[Form, ...]:
    """Return the forms that python-stdnum can check; none where it is not installed."""
    forms = []
    for module, name in NATIONAL.items():
        try:
            valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
        except ImportError:
            return ()
        forms.append(Form(name, False, valid))
    return tuple(forms)
