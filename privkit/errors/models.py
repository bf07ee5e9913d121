"""Errors of models under differential privacy. None of them involves data or budget."""

from __future__ import annotations

from privkit.errors.arguments import ParameterError
from privkit.errors.calls import called


class ModelError(ParameterError):
    """A model cannot be trained on, or asked about, what it was given."""

    @classmethod
    def without_ids(cls, unit: str) -> ModelError:
        """An array was given in a project that tells persons apart by a column."""
        return cls(
            f"{called()} got X as an array, which has no column {unit!r}, by which this project tells persons apart. "
            f"Give X as a frame with {unit!r} among its columns; it is no feature."
        )._naming("X")

    @classmethod
    def kind(cls, argument: str, found: str, made: str = "") -> ModelError:
        """What is given for `argument` is no table; `made` tells how one is made of it."""
        allowed = "a pandas frame, or an array of numbers of two dimensions" if argument == "X" else "one value a row"
        return cls(
            f"{called()} got {argument} as {found}, but {argument} must be {allowed}{made and f': {made}'}."
        )._naming(argument)

    @classmethod
    def numbers(cls, column: str, found: str) -> ModelError:
        """A column of numbers holds something else now."""
        return cls(
            f"{called()} got X whose {column!r} is of the type {found}, but the model was trained on numbers there: "
            f"X.astype({{{column!r}: 'float64'}})."
        )._naming("X")

    @classmethod
    def lengths(cls, rows: int, answers: int) -> ModelError:
        """X and y are not equally long."""
        return cls(f"{called()} got X with {rows:,} rows and y with {answers:,}: each row has one.")._naming("y")

    @classmethod
    def columns(cls, missing: list[str]) -> ModelError:
        """X lacks columns by which the model was trained."""
        told = ", ".join(map(repr, missing[:6]))
        return cls(f"{called()} got X without {told}, by which the model was trained.")._naming("X")

    @classmethod
    def width(cls, found: int, trained: int) -> ModelError:
        """An array has another number of columns than the one that was trained on."""
        return cls(f"{called()} got X with {found:,} columns, but the model was trained on {trained:,}.")._naming("X")

    @classmethod
    def response_among(cls, response: str) -> ModelError:
        """The column that is to be predicted is among the features."""
        return cls(
            f"{called()} got X with the column {response!r}, by which y is called: it would be predicted by itself. "
            f"Give X.drop(columns={response!r}), or another name to one of them."
        )._naming("X")

    @classmethod
    def flags(cls, column: str) -> ModelError:
        """A column of true and false was given bounds, where its levels are counted."""
        return cls(
            f"{called()}: {column!r} holds true and false, which are its levels. Leave its bounds= out."
        )._naming("bounds")

    @classmethod
    def missing(cls) -> ModelError:
        """A number is missing in a row that is to be predicted."""
        return cls(
            f"{called()} got rows in which a number is missing: rows like these were left out of the training, so the "
            "model says nothing of them. Leave them out, or fill them with a public number."
        )._naming("X")

    @classmethod
    def unfitted(cls, name: str) -> ModelError:
        """The model was not trained."""
        return cls(f"{called()}: this {name} is not trained. Call .fit(X, y) first, which is charged to the project.")

    @classmethod
    def no_information(cls, moved: str, rows: int) -> ModelError:
        """The price buys no information, with the rows that are publicly known to be there."""
        return cls(
            f"{called()}: with {rows:,} rows, noise would move the weight of a number in [−1, 1] by ± {moved}, so that "
            "the model would say next to nothing. Ask for fewer columns or levels, or pay more; without "
            "assume_rows= it is trained all the same."
        )._naming("assume_rows")
