"""Where locks hold: local file systems by a list, networks refused, all else warned of (L10)."""

import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from budget_terms import release

import privkit as pk
from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.budget.store import file_system
from privkit.budget.store.file_system import LOCAL, NETWORK, kind_of, mounts
from privkit.budget.store.place import Place
from privkit.errors.ledger import LedgerPlaceError

#: Seen to be accepted without a word before types were listed.
ONCE_ACCEPTED = [
    *("lustre", "gpfs", "beegfs", "ceph", "glusterfs", "davfs", "fuse.gcsfuse", "fuse.blobfuse2", "fuse.mount-s3"),
    *("fuse.goofys", "fuse.juicefs", "fuse.drive", "fuse.gvfsd-fuse"),
]
#: Shares of a virtual machine's host, and whatever else nobody listed.
UNKNOWN = ["virtiofs", "vboxsf", "fuse.grpcfuse", "fakeowner", "drvfs", "fuse", "fuse.ext4", "ext4 ", "autofs", ""]


@pytest.mark.parametrize("kind", ["nfs4", "NFS", "cifs", "9p", "fuse.sshfs", *ONCE_ACCEPTED])
def test_a_network_file_system_is_refused_l10(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Place, "file_system", kind)
    with pytest.raises(LedgerPlaceError, match=r"network file system.*PRIVKIT_ALLOW_FS=.*No budget was spent"):
        Ledger.open(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []
    assert "network file system" in repr(diagnose(tmp_path / "ledger.db"))


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_file_system_that_is_in_no_list_is_warned_of_l10(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Place, "file_system", kind)
    with pytest.warns(UserWarning, match=r"locks (may not )?hold on it") as caught:
        project = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=tmp_path / "ledger.db")
    assert [warning.filename for warning in caught if warning.category is UserWarning] == [
        __file__
    ]  # it points to who opens
    release(project.account, "k")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Ledger.open(tmp_path / "ledger.db", read_only=True)  # looking harms nothing
    found = [finding for finding in diagnose(tmp_path / "ledger.db").findings if "locks" in finding.what]
    assert [finding.level for finding in found] == ["note"]


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "NTFS", "f2fs"])
def test_a_local_file_system_is_taken_without_a_word(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Place, "file_system", kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Ledger.open(tmp_path / "ledger.db")


@pytest.mark.parametrize("kind", ["lustre", "fuse.juicefs", "virtiofs"])
def test_a_type_that_is_vouched_for_is_taken(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Place, "file_system", kind)
    monkeypatch.setenv("PRIVKIT_ALLOW_FS", " Lustre, fuse.juicefs,virtiofs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Ledger.open(tmp_path / "ledger.db")
    monkeypatch.setenv("PRIVKIT_ALLOW_FS", ",")
    assert kind_of(kind) != "local"
    assert kind_of("") == "unknown"


def test_no_type_is_in_both_lists():
    assert not LOCAL & NETWORK
    assert all(name == name.lower() == name.strip() for name in LOCAL | NETWORK)


@pytest.mark.parametrize(
    ("escaped", "folder"),
    [
        ("/mnt/Köln", "/mnt/Köln/a"),
        ("/mnt/日本", "/mnt/日本"),
        ("/mnt/a\\040b\\011c\\012d\\134e", "/mnt/a b\tc\nd\\e/x"),
        ("/mnt/\\134040", "/mnt/\\040"),  # an escaped backslash before digits is no escape
    ],
)
def test_mount_points_in_any_script_are_found(monkeypatch, escaped, folder):
    lines = f"22 1 0:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:2 / {escaped} rw shared:1 master:2 - nfs4 s:/x rw\n"
    monkeypatch.setattr(Path, "read_bytes", lambda _: lines.encode())
    assert file_system.file_system(Path(folder)) == "nfs4"
    assert file_system.file_system(Path("/mnt")) == "ext4"


def test_mount_points_that_are_no_utf8_are_found():
    raw = b"1 0 0:1 / /mnt/\xff\xfe rw - cifs //s/x rw\nnonsense\n\n2 0 0:1 / /x rw -  \n"
    assert list(mounts(raw)) == [("/mnt/\udcff\udcfe", "cifs")]


def test_of_two_mounts_at_one_point_the_later_counts(monkeypatch):
    lines = "1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / /net rw - autofs b rw\n3 2 0:3 / /net rw - nfs c rw\n"
    monkeypatch.setattr(Path, "read_bytes", lambda _: lines.encode())
    assert file_system.file_system(Path("/net/home")) == "nfs"


def test_the_mount_is_read_from_the_kernel(tmp_path):
    if not Path("/proc/self/mountinfo").exists():
        pytest.skip("not Linux")
    assert Place(path=tmp_path / "x").file_system != ""
    assert Place(path=Path("/proc/x")).file_system == "proc"


def test_a_mount_whose_name_is_not_ascii_is_known_by_the_kernels_own_text(tmp_path):
    """A real mount, in a mount namespace of its own."""
    code = (
        "import pathlib, sys; from privkit.budget.store.file_system import file_system; "
        "print(ascii(file_system(pathlib.Path(sys.argv[1]))))"
    )
    namespace = ["unshare", "-m", "sh", "-c"]
    for name in ("Köln", "日本", "with a blank", "back\\slash"):
        (folder := tmp_path / name).mkdir()
        done = subprocess.run(
            [*namespace, 'mount -t ramfs none "$1" && exec "$2" -c "$3" "$1"', "sh", str(folder), sys.executable, code],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip("this user may not mount")
        assert done.stdout.strip() == "'ramfs'", name


@pytest.fixture
def elsewhere(monkeypatch):
    """A system without ``/proc``, with partitions as psutil tells them."""

    def unreadable(_):
        raise FileNotFoundError

    def tell(*parts):
        psutil = SimpleNamespace(disk_partitions=lambda **_: [SimpleNamespace(**part) for part in parts])
        monkeypatch.setitem(sys.modules, "psutil", psutil)

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    return tell


def test_elsewhere_psutil_tells(elsewhere):
    elsewhere(
        {"mountpoint": "/", "fstype": "apfs", "opts": "rw"},
        {"mountpoint": "/Volumes/team", "fstype": "smbfs", "opts": "rw"},
    )
    assert file_system.file_system(Path("/Users/ada")) == "apfs"
    assert file_system.file_system(Path("/Volumes/team/x")) == "smbfs"


def test_a_drive_of_another_machine_is_remote_on_windows(elsewhere, monkeypatch):
    elsewhere({"mountpoint": "/", "fstype": "NTFS", "opts": "rw,remote"})
    assert kind_of(file_system.file_system(Path("/x"))) == "local"
    monkeypatch.setattr(sys, "platform", "win32")
    assert kind_of(file_system.file_system(Path("/x"))) == "network"


def test_where_nothing_tells_it_is_said_to_be_unchecked(elsewhere, monkeypatch, tmp_path):
    elsewhere()
    assert file_system.file_system(tmp_path) == ""
    monkeypatch.setitem(sys.modules, "psutil", None)  # not installed
    with pytest.warns(UserWarning, match="it was not checked that locks hold"):
        Ledger.open(tmp_path / "ledger.db")
