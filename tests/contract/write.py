"""Write anew what the tests of this folder compare with. Read the diff before you commit it: each line is a change.

``make pins``, or ``python tests/contract/write.py``. Files of landed versions are never written anew, since nobody can
write what an earlier version wrote; ``python tests/contract/write.py 2027-03`` writes a further folder of them, before
a version lands whose files have another form.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "pins"), str(HERE.parents[1])]


def main(arguments: list[str]) -> None:
    """Write everything, or a folder of landed files."""
    import pinned_answers
    import pinned_api
    import pinned_errors
    import pinned_landed
    import pinned_views
    from pinned_asked import json_lines

    with tempfile.TemporaryDirectory() as made:
        if arguments:
            pinned_landed.write_landed(pinned_landed.LANDED / arguments[0], Path(made))
            return
        _replace(HERE / "recipes", pinned_landed.recipe_outputs(Path(made)))
    files, values = pinned_views.shown()
    _replace(pinned_views.GOLDEN, {name: text.encode() for name, text in files.items()})
    api = pinned_api.public_api(values)
    answers, questions = pinned_answers.answers_and_questions()
    place = HERE / "answers.json"
    answers = pinned_answers.kept(pinned_answers.read(place) if place.exists() else {}, answers)
    (HERE / "public_api.json").write_bytes(pinned_api.as_lines(api).encode())
    place.write_bytes(json_lines(answers).encode())
    (HERE / "errors.json").write_bytes(json_lines(pinned_errors.errors()).encode())
    (HERE / "questions.json").write_bytes(json_lines(questions).encode())


def _replace(folder: Path, files: dict[str, bytes]) -> None:
    """Write a folder's files, and take away those that are no longer made."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])
