"""Requests name folders under the server's root, and nothing else."""

import pytest

from privkit.lab.reading import OutsideRootError, confined, folder_under


@pytest.mark.parametrize("path", ["", "a", "a/b", "a b/ü", "..a", "a/..b"])
def test_folders_under_the_root(path, tmp_path):
    assert folder_under(tmp_path, path) == (tmp_path / path).resolve()


@pytest.mark.parametrize(
    "path",
    ["..", "../x", "a/../../x", "a/..", "/etc", "//host/x", "C:/x", "C:x", "..\\x", "a\\..\\x", "\0", "a\0b", "/"],
)
def test_what_leads_outside_is_refused(path, tmp_path):
    with pytest.raises(OutsideRootError):
        folder_under(tmp_path, path)


def test_a_neighbor_whose_name_begins_alike_is_outside(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root-secret").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "root-secret")
    with pytest.raises(OutsideRootError):
        folder_under(tmp_path / "root", "link")
    with pytest.raises(OutsideRootError):
        confined(tmp_path / "root", tmp_path / "root-secret")
