# One command per habit. PYTHON chooses the environment.
PYTHON ?= .venv/bin/python

.PHONY: test landing lint types stub notebooks stored pins docs binder slow versions bench all

test:          ## the fast suite, doctests included
	$(PYTHON) -m pytest -n auto --dist loadfile

landing:       ## what runs before a change lands: the fast suite, and what needs a browser, a server or a whole site
	PRIVKIT_TESTS=landing $(PYTHON) -m pytest -n auto --dist loadfile

lint:          ## style and format
	$(PYTHON) -m ruff check privkit tests docs/conf.py docs/extensions
	$(PYTHON) -m ruff format --check privkit tests docs/conf.py docs/extensions

types:         ## the type checker, strict in values/, errors/ and budget/
	$(PYTHON) -m mypy

stub:          ## the accessor's stub for type checkers, and pk.plan, made of the lines of privkit/__init__.pyi
	$(PYTHON) tests/packaging/write_stub.py

notebooks:     ## the notebooks, executed and compared
	$(PYTHON) -m pytest tests/notebooks

stored:        ## the notebooks, run anew and stored executed
	$(PYTHON) tests/notebooks/store.py

pins:          ## what tests/contract compares with, written anew: read the diff, each line of it is a change
	$(PYTHON) tests/contract/write.py

docs:          ## the pages and the reference, in docs/_build/html; a warning is an error
	$(PYTHON) -m sphinx -W --keep-going -q -b html docs docs/_build/html

binder:        ## what repo2docker does with binder/, in a new environment; two to three minutes
	$(PYTHON) -m pytest -s tests/slow/binder_build.py

slow:          ## kill matrices, ε audits, long searches for counterexamples; all cases and examples of which the fast suite draws a sample
	PRIVKIT_TESTS=all $(PYTHON) -m pytest -n auto --dist loadfile -m "sample or hypothesis"
	$(PYTHON) -m pytest -s tests/slow/*.py

versions:      ## the core tests with the lowest and the newest dependencies, on Python 3.11 to 3.13; needs uv
	$(PYTHON) tests/versions/run.py $(ONLY)

bench:         ## ratios against pandas and peers; run on a quiet machine
	$(PYTHON) tests/benchmarks

all: lint types test
