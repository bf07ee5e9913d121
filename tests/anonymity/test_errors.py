from __future__ import annotations

import pytest

from privkit.errors import PrivkitError
from privkit.errors.anonymity import RoleConflictError


def test_a_role_conflict_says_why_and_what_to_leave_out():
    error = RoleConflictError.sensitive("ill", ["zip", "ill"])
    assert isinstance(error, PrivkitError)
    assert isinstance(error, ValueError)
    assert str(error) == (
        "privkit got column 'ill' as qi and as sensitive. Within a class all quasi-identifiers are equal, "
        "so it would have one value in each class. Leave it out: qi=['zip']."
    )
    assert error.roles == ("qi", "sensitive")
    with pytest.raises(ValueError, match="holds one person by construction"):
        raise RoleConflictError.unit("who", ["zip", "who"])
