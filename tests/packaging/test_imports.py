"""The rooms import downwards only, and each heavy library stays in its room."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import privkit

ROOT = Path(privkit.__file__).parent

#: From the top down; rooms of one line are siblings and do not import each other.
FLOORS = [
    {"__init__", "__main__"},
    {"accessor", "registration", "cli", "commands", "lab"},
    {"view"},
    {"study"},
    {"attacks", "disclosure", "models", "teach"},
    {"project"},
    {"risk", "transform", "events", "dp", "budget"},
    {"inventory"},
    {"anonymity"},
    {"tally"},
    {"values", "errors", "progress"},
]
#: May be imported by `errors` and `values` alone in this order: values → errors.
BASEMENT = {"values": {"errors"}, "errors": set(), "progress": set()}
#: Read by anybody, import little of privkit.
FREE = {"examples": {"errors", "transform", "values"}, "testing": None}
#: One room each, or none.
LIBRARIES = {
    "opendp": {"dp"},
    "sqlalchemy": {"budget"},
    "ipywidgets": {"view"},
    "tornado": {"lab"},
    "jupyter_server": {"lab"},
    "matplotlib": {"view"},
    "sklearn": {"attacks", "models", "transform"},
}
#: The standard library only.
PURE = {"values", "errors"}


def room(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def import_lines(path: Path, *, annotations: bool) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports of a file, those in functions too; without `annotations`, not those for type checkers."""
    unseen = set()
    for block in nodes(path) if not annotations else ():
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            unseen |= {id(node) for line in block.body for node in ast.walk(line)}
    found = [node for node in nodes(path) if isinstance(node, ast.Import | ast.ImportFrom)]
    return [node for node in found if id(node) not in unseen]


def imports(path: Path, *, annotations: bool = True) -> set[str]:
    """Return what a file imports; without `annotations`, not what only type checkers see."""
    found = set()
    for node in import_lines(path, annotations=annotations):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "privkit" else set()
    return found


FILES = sorted(path for path in ROOT.rglob("*.py") if "node_modules" not in path.parts)


def module_of(path: Path) -> str:
    return ".".join(("privkit", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def allowed(here: str, there: str) -> bool:
    """Whether a file of one room may import of another."""
    if here in FREE:
        return there in FREE[here]
    if here in BASEMENT:
        return there in BASEMENT[here]
    return floor(here) <= 1 if there in FREE else floor(there) > floor(here)


def test_imports_run_downwards():
    upwards = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in FILES
        if (here := room(path)) != "testing"
        for name in imports(path)
        if name.startswith("privkit.") and (there := name.split(".")[1]) != here and not allowed(here, there)
    ]
    assert not upwards


def floor(name: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


def test_heavy_libraries_stay_in_their_rooms():
    strayed = []
    for path in FILES:
        here = room(path)
        for name in imports(path, annotations=False) if here != "testing" else ():
            library = name.split(".")[0]
            if here not in LIBRARIES.get(library, {here}):
                strayed.append(f"{path.relative_to(ROOT)}: {name}")
            if here in PURE and library != "privkit" and library not in sys.stdlib_module_names:
                strayed.append(f"{path.relative_to(ROOT)}: {name}")
    assert not strayed


def arrows() -> dict[str, set[str]]:
    """Return which modules each module imports, within functions too; not what only type checkers see."""
    found = {}
    for module, path in MODULES.items():
        names = set()
        for node in import_lines(path, annotations=False):
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
        # Who imports a package's module does not mean the package's own file, which hands names on.
        packages = {name for name in names & MODULES.keys() if MODULES[name].name == "__init__.py"}
        handed = {name for name in packages if any(other.startswith(f"{name}.") for other in names & MODULES.keys())}
        found[module] = (names & MODULES.keys()) - handed - {module}
    return found


def test_no_modules_import_each_other_in_a_circle():
    left = arrows()
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    # What is left stands in a circle, or above one.
    while above := [module for module in left if not any(module in names for names in left.values())]:
        for module in above:
            del left[module]
    assert not left, {module: sorted(names & left.keys()) for module, names in left.items()}


def test_no_name_of_a_module_is_text_but_where_names_are_handed_on():
    """``import_module`` with a text hides an import from the tests above; public names, views and commands need it."""
    handing = {"__init__.py", "accessor.py", "registration.py", "cli.py", "values/show.py", "values/accountable.py"}
    handing |= {"view/parts/sheet.py"}
    texts = []
    for path in FILES:
        if str(path.relative_to(ROOT)) in handing or room(path) == "testing":
            continue
        for node in nodes(path):
            if isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
                texts.append(f"{path.relative_to(ROOT)}: {ast.unparse(node)}")
    assert not [text for text in texts if "privkit" in text]


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


HEAVY = {"pandas", "numpy", "opendp", "sqlalchemy", "ipywidgets", "matplotlib", "tornado", "jupyter_server", "narwhals"}


def test_importing_privkit_loads_no_library():
    assert not loaded_after("import privkit") & HEAVY


@pytest.mark.parametrize(
    "first",
    [
        "import privkit, pandas as pd",
        "import pandas as pd, privkit",
        "import importlib.util, privkit\nassert importlib.util.find_spec('pandas')\nimport pandas as pd",
        "import privkit\nfrom pandas import DataFrame\nimport pandas as pd",
        "import privkit, importlib\nimportlib.reload(privkit)\nimport pandas as pd",
    ],
)
def test_frames_have_the_accessor_in_whatever_order_both_are_imported(first):
    code = f"{first}\nassert pd.DataFrame.privacy and pd.DataFrame({{'a': [1]}}).privacy.kanon('a').k == 1"
    code += "\nassert 'pandas' not in {f.library for f in sys.meta_path if 'registration' in type(f).__module__}"
    loaded = loaded_after(code)
    assert "pandas" in loaded
    assert "polars" not in loaded


@pytest.mark.parametrize(
    "first",
    [
        "import privkit, polars as pl",
        "import polars as pl, privkit",
        "import privkit, pandas, polars as pl",
        "import polars as pl, pandas, privkit",
        "import privkit\nfrom polars import DataFrame\nimport polars as pl",
        "import privkit, importlib, polars as pl\nimportlib.reload(privkit)",
    ],
)
def test_polars_frames_have_it_too_eager_and_lazy(first):
    pytest.importorskip("polars")
    code = f"import warnings\nwarnings.simplefilter('error')\n{first}\nframe = pl.DataFrame({{'a': [1]}})"
    code += "\nassert frame.privacy.kanon('a').k == 1 and frame.lazy().privacy.kanon('a').k == 1"
    code += "\nassert repr(frame.lazy().privacy.plan).startswith('df.privacy.plan')"
    code += (
        "\nassert not any('registration' in type(f).__module__ for f in sys.meta_path) or 'pandas' not in sys.modules"
    )
    assert "polars" in loaded_after(code)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_where_pyarrow_is_not_installed_the_extra_is_named_and_nothing_is_spent(tmp_path, engine):
    pytest.importorskip(engine)
    made = {
        "polars": "import polars\nframe = polars.DataFrame({'a': [1]})",
        "duckdb": "import duckdb\nframe = duckdb.sql('select 1 as a')",
    }[engine]
    code = f"""
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
import importlib.util as util
known = util.find_spec
util.find_spec = lambda name, package=None: None if name == "pyarrow" else known(name, package)
import privkit as pk
{made}
project = pk.open_project("p", epsilon=1, unit=pk.ROW, store={str(tmp_path / "l.db")!r})
try:
    pk.dp_count(frame, "a", keys=[1], epsilon=0.1)
except pk.LibraryRequiredError as error:
    assert error.extra == "{engine}", error.extra
    assert "pip install 'jupyter-privkit[{engine}]'" in str(error)
else:
    raise AssertionError
assert project.spent.main == 0"""
    loaded_after(code)


def test_a_jupyter_server_shows_ledgers_without_pandas_and_opendp(tmp_path):
    import privkit as pk

    store = tmp_path / ".privkit" / "ledger.db"
    pk.open_project("census", epsilon=1, unit=pk.ROW, store=store)
    code = f"""import pathlib, types
import privkit.lab
app = types.SimpleNamespace(web_app=types.SimpleNamespace(settings={{"base_url": "/"}}, add_handlers=lambda *_: None))
app.log = types.SimpleNamespace(debug=lambda *_: None)
assert "sqlalchemy" not in sys.modules
privkit.lab._load_jupyter_server_extension(app)
assert "sqlalchemy" not in sys.modules
from privkit.lab.reading import entries_of, projects_in
assert projects_in(pathlib.Path({str(tmp_path)!r}), "")["projects"][0]["name"] == "census"
entries_of(pathlib.Path({str(tmp_path)!r}), "", "census")"""
    assert not loaded_after(code) & (HEAVY - {"tornado", "jupyter_server", "sqlalchemy"})


def test_kanon_needs_no_heavy_library():
    loaded = loaded_after("import privkit, pandas as pd\nrepr(pd.DataFrame({'a': [1]}).privacy.kanon('a'))")
    assert not loaded & {"opendp", "sqlalchemy", "ipywidgets", "matplotlib", "tornado", "jupyter_server"}


def test_one_file_alone_reaches_up_by_name():
    reaching = [room(path) for path in FILES if "privkit.view" in path.read_text() and floor_of(path) > 2]
    assert set(reaching) <= {"values"}, "values.show loads privkit.view by name; nothing else below it does"


def floor_of(path):
    return -1 if room(path) in {*FREE} else floor(room(path))


def test_no_module_is_called_utils():
    assert not [path for path in FILES if path.stem in {"utils", "util", "helpers", "misc"}]
