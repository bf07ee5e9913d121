"""Errors about attacks: tables that say nothing, persons who are no controls, recipes that are not known."""

from __future__ import annotations

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError


class AttackError(PrivkitError, ValueError):
    """An attack could say nothing about what it was given."""

    @classmethod
    def too_few(cls, what: str, found: int, least: int) -> AttackError:
        """There are `found` rows of `what`, too few for any interval to be worth reading."""
        return cls(
            f"{called()} got {found:,} {'row' if found == 1 else 'rows'} of {what}, and needs {least:,} or more: of "
            "fewer, every interval reaches from nothing to everything. Take more rows; of so small a table, "
            "df.privacy.kanon(qi) tells each row's own class."
        )

    @classmethod
    def no_columns(cls, unnamed: int = 0) -> AttackError:
        """The two tables have no column in common, `unnamed` of theirs having names that are no text."""
        told = "no column that both tables have"
        if unnamed:
            told += (
                f", and {unnamed:,} whose names are no text: df.set_axis([*map(str, df.columns)], axis=1) gives some"
            )
        return cls(
            f"{called()} found {told}. Give both the same names, or columns=[...] that both have: those are what an "
            "attacker may know."
        )

    @classmethod
    def alike(cls, rows: str) -> AttackError:
        """All rows are one and the same in the columns that are known."""
        return cls(
            f"{called()} found {rows} all alike in these columns: nobody can be told from another, and no attack says "
            "anything. Name columns that differ: columns=[...]."
        )

    @classmethod
    def not_aligned(cls, original: int, shared: int) -> AttackError:
        """The shared rows are said to be the original ones, and are not as many."""
        return cls(
            f"{called()} got aligned=True, which says that row i of the shared table is row i of the original, but "
            f"they have {shared:,} and {original:,} rows. These shared rows do not belong to this original: leave "
            "aligned= out, or give the rows that were kept."
        )

    @classmethod
    def labels(cls, column: str) -> AttackError:
        """`column` is generalized in one table, and nobody says how."""
        return cls(
            f"{called()} cannot compare {column!r}: it holds labels of intervals or hidden characters in one table "
            "alone. Say what made them, hierarchies=out.hierarchies; or let the result attack itself: out.attack()."
        )

    @classmethod
    def nested(cls, column: str) -> AttackError:
        """`column` holds objects of which two are never taken for equal."""
        return cls(
            f"{called()} cannot compare {column!r}: it holds lists, mappings or other objects, of which none equals "
            "another, so that nobody would be found. Take their parts as columns of their own, or name the other "
            "columns: columns=[...]."
        )

    @classmethod
    def a_result(cls, found: str) -> AttackError:
        """What is shared is a result, which attacks itself, and no frame."""
        return cls(
            f"{called()} got {found} as the shared table. Let it attack itself, out.attack(); or give its rows, "
            "pk.attack(df, out.frame, control=others), and of generalized ones hierarchies=out.hierarchies."
        )

    @classmethod
    def no_control(cls, table: str) -> AttackError:
        """The control is the same table as another one."""
        return cls(
            f"{called()} got a control that is {table} itself. Controls are persons like those in the data who are not "
            "in it: hold some back before the table is made, or leave control= out, which gives an upper bound only."
        )

    @classmethod
    def no_groups(cls) -> AttackError:
        """Whom an attack finds is asked without controls, or without groups."""
        return cls(
            f"{called()} tells of groups whom an attack finds beside controls of the same group, so it needs control= "
            "and by= when the attack is made. Write pk.attack(df, shared, control=others, "
            "by='sex').by_group('membership'), or out.attack(by='sex')."
        )

    @classmethod
    def no_recipe(cls, why: str) -> AttackError:
        """A result cannot be made anew."""
        return cls(
            f"{called()} cannot make this result anew: {why}. Make both halves yourself and give them: "
            "pk.attack(half, made_of_half, control=other_half)."
        )

    @classmethod
    def no_rows(cls) -> AttackError:
        """A release is none of rows."""
        return cls(
            f"{called()} draws rows of dp_synthetic anew and attacks them; this release is one of something else. "
            "What publishes counts is attacked by asking it: "
            "pk.attack_release(df, lambda d, c: d[c].value_counts(), 'column')."
        )

    @classmethod
    def half_fails(cls) -> AttackError:
        """The recipe, which did for all rows, cannot be met by half of them."""
        return cls(
            f"{called()} made the result anew of a random half of the rows, and half of them cannot meet its goal. "
            "Give another seed=, or attack the whole: pk.attack(df, out.frame), an upper bound only."
        )

    @classmethod
    def publisher_failed(cls, error: str) -> AttackError:
        """The function that publishes raised an exception of the class called `error`."""
        return cls(
            f"{called()} called the function that publishes, and it raised {error}. Its text is not told, since it may "
            "hold values. It is given a pandas frame of some of the rows and the name of a column, publish(frame, "
            "column), and must answer for every part of the table: try it on df.sample(50)."
        )

    @classmethod
    def pipeline_failed(cls, error: str) -> AttackError:
        """The function that is audited raised an exception of the class called `error` on the frame as it is."""
        return cls(
            f"{called()} called the function on the frame as it is, and it raised {error}. Its text is not told, since "
            "it may hold values. It is given a copy of the pandas frame and nothing else: try function(df.copy()). "
            "What it needs beside, give by a lambda: pk.audit_pipeline(lambda d: function(d, 1.0), df, epsilon=1.0)."
        )

    @classmethod
    def no_counts(cls, found: str) -> AttackError:
        """The function that publishes answered with something else than counts by value."""
        return cls(
            f"{called()} called the function that publishes, and it answered with {found}. It must return counts by "
            "value, as lambda d, c: d[c].value_counts() does: a Series, or a mapping of values to finite numbers; of a "
            "release, its .value."
        )

    @classmethod
    def lengths(cls, which: str, rows: int, answers: int) -> AttackError:
        """Features and answers of members ("in"), or of controls ("out"), are not equally many."""
        return cls(
            f"{called()} got X_{which} with {rows:,} rows and y_{which} with {answers:,}: each row has one answer."
        )

    @classmethod
    def no_answer(cls, argument: str, missing: int) -> AttackError:
        """Answers are missing in `argument`."""
        return cls(f"{called()} got {missing:,} missing answers in {argument}. Leave these rows out of both, X and y.")

    @classmethod
    def unlike(cls, members: str, controls: str, *, same: bool = False) -> AttackError:
        """Members and controls do not have the same features; `same` is whether they are as many."""
        other = ", under other names or in another order" if same else ""
        return cls(
            f"{called()} got members with {members}, and controls with {controls}{other}. Both must have the same "
            "features, in one order: those that the model takes. Of frames write X_out[list(X_in)]."
        )

    @classmethod
    def shared_rows(cls, shared: int, controls: int) -> AttackError:
        """Some controls are members."""
        return cls(
            f"{called()} got {controls:,} controls, of whom {shared:,} equal a member in all columns: more than "
            "members equal each other. Controls are persons whose rows were not used: hold some back before the table "
            "is made, or split before the training, as train_test_split does, and give its test rows."
        )

    @classmethod
    def no_model(cls, found: str) -> AttackError:
        """What was given predicts neither classes nor numbers."""
        return cls(
            f"{called()} got {found}, which is no classifier and no regressor of scikit-learn: it must have predict(), "
            "fit() and get_params(). Of a model from elsewhere give what it answered: "
            "pk.attack_model(None, scores_in, scores_out, y_in, y_out)."
        )

    @classmethod
    def training_failed(cls, what: str, error: str) -> AttackError:
        """Training `what` anew raised an exception of the class called `error`."""
        return cls(
            f"{called()} trained {what} anew on some of the rows, and it raised {error}. Its text is not told: it may "
            "hold values. Members and controls are mixed for that, so there must be enough of every class among both. "
            "Try clone(model).fit(X_out, y_out). Where a model cannot be trained anew, give what it answered: "
            "pk.attack_model(None, scores_in, scores_out, y_in, y_out)."
        )

    @classmethod
    def answers_failed(cls, what: str, error: str) -> AttackError:
        """Asking `what` about the rows raised an exception of the class called `error`."""
        return cls(
            f"{called()} asked {what} about the rows, and it raised {error}. Its text is not told, since it may hold "
            "values. X_in and X_out must have the features that the model was trained on: try model.predict(X_out)."
        )

    @classmethod
    def bad_answers(cls, what: str) -> AttackError:
        """What a model answered is not one finite number, or one set of them, a row."""
        return cls(
            f"{called()} got answers of {what} that are not finite numbers, one row of them for each row of features."
        )

    @classmethod
    def unknown_answers(cls, what: str, unknown: int, rows: int) -> AttackError:
        """Members have answers that the model was never trained on."""
        return cls(
            f"{called()} got {unknown:,} of {rows:,} answers in y_in that {what} does not know as a class: these are "
            "not rows that it was trained on. Give its own training rows, with the answers as they were then (numbers "
            "or text, in the same words)."
        )

    @classmethod
    def bad_repair(cls, place: int, found: str) -> AttackError:
        """A repair is nothing that can be trained."""
        return cls(
            f"{called()} got {found} as repair {place}. A repair is another model, or a function from the rows to "
            "train on, as one frame, to what stands in their place: rows, a result of privkit, or a trained model."
        )
