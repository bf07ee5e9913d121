"""Secrets in addresses never show, in whatever form they were typed, and never become a file's name (L14)."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pathlib
import warnings

import pytest
from budget_terms import release, terms
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.budget.store.place import ledger_place, shown_store
from privkit.cli import main
from privkit.errors.ledger import LedgerError, LedgerPlaceError
from privkit.errors.root import PrivkitError

CANARY = "s3cr3tPW"
#: {} is where the secret stands. Nothing listens on port 1.
FORMS = (
    "postgresql://u:{}@127.0.0.1:1/x",
    "postgresql+psycopg://u:{}@127.0.0.1:1/x",
    "postgresql+psycopg2://{}:p@127.0.0.1:1/x",
    "postgres://u:{}@127.0.0.1:1/x",
    "postgresql://u:p@127.0.0.1:1/x?password={}",
    "postgresql://u@127.0.0.1:1/x?sslpassword={}",
    "postgresql://u@127.0.0.1:1/x?options={}",
    "postgresql://u@127.0.0.1:1/x?passfile=/home/{}/.pgpass&service={}",
    "postgresql://u@127.0.0.1:1/x?user={}",
    "postgresql://127.0.0.1:1/x?{}=1",
    "postgresql://127.0.0.1:1/x?{}",
    "postgresql://u:{}@127.0.0.1:notaport/x",
    "postgresql://u:{}@127.0.0.1:99999/x",
    "postgresql://u:p@{}@127.0.0.1:1/x",
    "postgresql://u:p@{}/q@127.0.0.1:1/x",
    "postgresql://u:p@{}:1@127.0.0.1:1/x",
    "postgresql://u:p@{}?q@127.0.0.1:1/x",
    "postgresql://u:p/{}@127.0.0.1:1/x",
    "postgresql://u:p?{}@127.0.0.1:1/x",
    "postgresql://u:p#{}@127.0.0.1:1/x",
    "postgresql://u:{}",
    "postgresql://u:{}@",
    "postgresql://u:{}@127.0.0.1:1,127.0.0.1:2/x",
    "postgresql://u:{}@/x?host=127.0.0.1:1&host=127.0.0.1:2",
    "postgresql+asyncpg://u:{}@127.0.0.1:1/x",
    "postgresql+{}://u:p@127.0.0.1:1/x",
    "POSTGRESQL://u:{}@127.0.0.1:1/x",
    " postgresql://u:{}@127.0.0.1:1/x",
    "postgresql://u:{}@127.0.0.1:1/x ",
    "postgresql:u:{}@127.0.0.1/x",
    "postgresql:/u:{}@127.0.0.1/x",
    "postgresql//u:{}@127.0.0.1/x",
    "//u:{}@127.0.0.1/x",
    "u:{}@127.0.0.1/x",
    "user:{}@127.0.0.1/x",
    "{}://u:p@127.0.0.1/x",
    "mysql://u:{}@127.0.0.1/x",
    "jdbc:postgresql://127.0.0.1:1/x?user=u&password={}",
    "jdbc:sqlite:{}",
    "http://u:{}@127.0.0.1/x",
    "sqlite+pysqlcipher://:{}@/x.db",
    "sqlite+pysqlcipher:///x.db?cipher={}",
    "sqlite://:{}@/x.db",
    "sqlite://u:{}@127.0.0.1/x.db",
    "sqlite:///x.db?key={}",
    "sqlite:///x.db?{}",
    "sqlite:///x.db?={}",
    "sqlite:///:memory:?key={}",
    "sqlite:///file:x?mode=memory&{}=1",
    "sqlite:///host=127.0.0.1 password={}",
    "sqlite:///postgresql://u:{}@127.0.0.1/x",
    "host=127.0.0.1 port=1 password={} dbname=x",
    "dbname=x password = '{}'",
    "  host = 127.0.0.1 password={}",
    "password={}",
    "service={}",
    "Driver={{PostgreSQL}};Server=127.0.0.1;Pwd={}",
    "folder/x.db;Pwd={}",
)
#: Characters that people forget to escape, and the canary among them.
secrets = st.text("@:/?#&=%+ ;,\\'\"[]{}()ab0", max_size=4).flatmap(
    lambda before: st.text("@:/?#&=%+ ;,\\'\"[]ab0", max_size=4).map(lambda after: f"{before}{CANARY}{after}")
)


def everything_told(store):
    """Return all text that comes of an address, from a call, the doctor and the command line."""
    heard, logged = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger().addHandler(handler)
    told = []
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(heard):
            warnings.simplefilter("always")
            with contextlib.redirect_stderr(heard):
                try:
                    ledger = Ledger.open(store, timeout=0.1)
                    told += [ledger.store, repr(ledger), repr(vars(ledger))]
                except PrivkitError as error:
                    told += [str(error), repr(error), repr(vars(error)), repr(error.__context__), repr(error.__cause__)]
                told.append(repr(diagnose(store)))
                for action in ("list", "doctor"):
                    with contextlib.suppress(SystemExit):
                        main(["ledger", action, f"--store={store}"])
        told += [str(warning.message) for warning in caught]
    finally:
        logging.getLogger().removeHandler(handler)
    return "\n".join([*told, heard.getvalue(), logged.getvalue()])


def files(folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*")]


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_an_address_shows_its_secret(form, tmp_path, monkeypatch, privkit_state):
    monkeypatch.chdir(tmp_path)
    told = everything_told(form.format(*[CANARY] * form.count("{}")))
    assert CANARY not in told
    assert "postgresql://" in told or "..." in told  # something was told
    assert (files(tmp_path), [name for name in files(privkit_state) if CANARY in name]) == ([], [])


@given(form=st.sampled_from(FORMS), secret=secrets)
@example(form="postgresql://127.0.0.1:1/x?{}", secret=f"@{CANARY}")
@settings(max_examples=150)
def test_no_secret_shows_wherever_it_stands(form, secret, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cwd")
    with contextlib.chdir(folder):
        told = everything_told(form.format(*[secret] * form.count("{}")))
    assert CANARY not in told
    assert files(folder) == []


@pytest.mark.parametrize("form", [form for form in FORMS if not form.startswith("postgres") or "asyncpg" in form])
def test_what_is_no_file_and_no_known_database_is_refused(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for store in (form.format(*["x"] * form.count("{}")),):
        with pytest.raises(LedgerPlaceError, match="No budget was spent"):
            Ledger.open(store)
    with pytest.raises(LedgerError):
        Ledger.open(pathlib.Path(form.format(*["x"] * form.count("{}"))))
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["./a=b.db", "year=2026.d/../x.db" if os.name == "nt" else "./notes:x.db", "a@b.db"])
def test_a_file_of_such_a_name_is_named_with_its_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Ledger.open(name)
    assert files(tmp_path) == [pathlib.PurePath(name).name]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://db.example/privacy", "postgresql://db.example/privacy"),
        ("postgresql+psycopg://ada:pw@[::1]:5433/privacy?sslmode=require", "postgresql://[::1]:5433/privacy"),
        ("postgres:///privacy?host=/run/postgresql", "postgresql:///privacy"),
    ],
)
def test_what_is_shown_tells_the_ledger_apart(address, shown):
    assert ledger_place(address).shown == shown
    assert shown_store(address) == shown


@pytest.mark.postgres
@pytest.mark.usefixtures("watched")
def test_a_live_server_shows_none_of_its_address_l14(postgres_url, privkit_state, capsys):
    from privkit.project.project import Project

    store = f"{postgres_url}&sslpassword={CANARY}&passfile=/{CANARY}&application_name={CANARY}"
    account = Ledger.open(store).begin("churn", terms())
    release(account, "k")
    main(["ledger", "list", "--store", store])
    main(["ledger", "doctor", "--store", store])
    written = "".join(path.read_text() for path in privkit_state.rglob("*.json"))
    project = Project(account)
    told = [
        account.store,
        repr(project),
        project._repr_html_(),
        repr(diagnose(store)),
        capsys.readouterr().out,
        written,
    ]
    assert account.store.startswith("postgresql://")
    assert "postgres@" not in "".join(told)
    assert CANARY not in "".join(told)
