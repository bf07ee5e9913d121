"""The file system under a ledger: known to be local, known to be a network's, or neither.

SQLite's locks, and what it asks to be written durably, hold on local file systems. On those of a network they may hold
for one machine alone, or for none: records vanish and chains fork. So a type is local only if it stands in a list; a
network's is refused, and every other one is warned of. Whoever knows better vouches for a type: ``PRIVKIT_ALLOW_FS``.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from privkit.values.show import warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The environment variable that vouches for types, divided by commas.
ALLOW = "PRIVKIT_ALLOW_FS"

_LOCAL = """
    apfs aufs bcachefs btrfs devtmpfs ecryptfs erofs exfat ext2 ext3 ext4 f2fs fat fat32 ffs fuse.fuse-overlayfs
    fuseblk hammer2 hfs hfsplus iso9660 jffs2 jfs lofs lxfs msdos nilfs2 ntfs ntfs3 nullfs overlay overlayfs ramfs
    refs reiserfs rootfs squashfs tmpfs ubifs udf ufs vfat wslfs xfs zfs
"""
_NETWORK = """
    9p acfs afpfs afs beegfs ceph cifs coda cvfs davfs fhgfs ftp gfs2 glusterfs gpfs lizardfs lustre mfs mmfs
    ncpfs nfs nfs3 nfs4 ocfs2 orangefs panfs pvfs2 remote smb smb2 smb3 smbfs webdav wekafs fuse.alluxio
    fuse.alluxio-fuse fuse.blobfuse fuse.blobfuse2 fuse.ceph-fuse fuse.cvmfs2 fuse.curlftpfs fuse.davfs
    fuse.davfs2 fuse.drive fuse.gcsfuse fuse.geesefs fuse.glusterfs fuse.google-drive-ocamlfuse fuse.goofys
    fuse.gvfsd-fuse fuse.hdfs fuse.juicefs fuse.kio-fuse fuse.lizardfs fuse.mfs fuse.moosefs fuse.mount-s3
    fuse.mountpoint-s3 fuse.onedriver fuse.rclone fuse.s3fs fuse.s3ql fuse.saunafs fuse.seadrive fuse.smbnetfs
    fuse.sshfs
"""
#: Types that one machine alone writes, with locks that hold on it, as Linux, macOS, the BSDs and Windows name them.
LOCAL = frozenset(_LOCAL.split())
#: Types that lie on another machine, or on several.
NETWORK = frozenset(_NETWORK.split())

Kind = Literal["local", "network", "unknown"]


def kind_of(name: str) -> Kind:
    """Return what is known of a type of file system: what the user vouches for is local; an empty name is unknown.

    Examples
    --------
    >>> kind_of("ext4"), kind_of("NFS4"), kind_of("fuse.what"), kind_of("")
    ('local', 'network', 'unknown', 'unknown')
    """
    lowered = name.lower()
    vouched = {part.strip().lower() for part in os.environ.get(ALLOW, "").split(",")}
    if lowered and (lowered in LOCAL or lowered in vouched):
        return "local"
    return "network" if lowered in NETWORK else "unknown"


def warn_unless_local(name: str, store: str) -> None:
    """Warn of a file system of which it is not known that locks hold.

    Parameters
    ----------
    name : str
        Its type; empty where that could not be read.
    store : str
        The ledger's place.
    """
    if kind_of(name) == "unknown":
        warn(f"{unknown_words(name, store)} {vouching(name)}")


def unknown_words(name: str, store: str) -> str:
    """Return what is not known about a place, as a sentence."""
    if not name:
        return f"the type of the file system of {store} could not be read: it was not checked that locks hold on it."
    return f"{store} lies on {name!r}, which privkit does not know as a local file system: locks may not hold on it."


def vouching(name: str) -> str:
    """Return how to go on where a type is not known as local."""
    keep = "Keep the ledger on a local disk, or on PostgreSQL"
    return f"{keep}; or, if you know that locks hold there: {ALLOW}={name.lower()}." if name else f"{keep}."


def file_system(folder: Path) -> str:
    """Return the type of the file system that holds `folder`, as the system names it; empty where it cannot be told.

    Linux tells it in ``/proc/self/mountinfo``; elsewhere psutil does.
    """
    try:
        told = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return _holding(folder, _partitions())
    return _holding(folder, mounts(told))


def _holding(folder: Path, known: Iterable[tuple[str, str]]) -> str:
    """Return the type of the longest mount point above `folder`; of two at one point, the later lies on top."""
    best, found = -1, ""
    for point, name in known:
        if len(point) >= best and folder.is_relative_to(point):
            best, found = len(point), name
    return found


def mounts(mountinfo: bytes) -> Iterator[tuple[str, str]]:
    r"""Yield each mount point and its type from the text of ``/proc/self/mountinfo``.

    Spaces, tabs, newlines and backslashes stand as octal escapes in a mount point; every other byte as it is, in
    whatever script its name is written.

    Examples
    --------
    >>> line = "36 35 98:0 / /mnt/Köln\\040Nord rw,noatime shared:1 - nfs4 server:/x rw"
    >>> list(mounts(line.encode()))
    [('/mnt/Köln Nord', 'nfs4')]
    """
    for line in mountinfo.split(b"\n"):
        before, _, after = line.partition(b" - ")
        fields, told = before.split(b" "), after.split(b" ")
        if len(fields) > 4 and told[0]:
            point = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8) & 0xFF]), fields[4])
            yield os.fsdecode(point), os.fsdecode(told[0])


def _partitions() -> Iterator[tuple[str, str]]:
    try:
        import psutil

        found = psutil.disk_partitions(all=True)
    except (ImportError, OSError, RuntimeError):
        return
    for part in found:
        # A drive of another machine goes by that machine's type on Windows; its options tell.
        remote = sys.platform == "win32" and "remote" in part.opts.split(",")
        yield part.mountpoint, "remote" if remote else part.fstype
