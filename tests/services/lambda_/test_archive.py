"""Zip files of code: nothing leaves its folder, nothing grows beyond its bound."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from stepwell.errors import ServiceError
from stepwell.services.lambda_ import archive
from stepwell.testing.functions import zip_of


def _zip(name: str, text: str, mode: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        file.writestr(entry, text)
    return buffer.getvalue()


def test_files_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Files come out as they went in."""
    data = zip_of({"a.py": "x = 1\n", "package/b.py": "y = 2\n"})
    archive.check(data)
    archive.unpack(data, tmp_path / "code")
    assert (tmp_path / "code/a.py").read_text() == "x = 1\n"
    assert (tmp_path / "code/package/b.py").read_text() == "y = 2\n"
    assert not (tmp_path / "code.new").exists()


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """A name that leads out is refused."""
    data = _zip(name, "evil", 0o644)
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.check(data)
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.unpack(data, tmp_path / "code")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    """A link that leads out is refused."""
    data = _zip("link", target, stat.S_IFLNK | 0o777)
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.unpack(data, tmp_path / "code")
    assert list(tmp_path.iterdir()) == []


def test_a_file_behind_a_link_cannot_be_written_outside(tmp_path: Path) -> None:
    """A file behind a link cannot be written outside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        link = zipfile.ZipInfo("inside")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, ".")
        file.writestr("inside/a.py", "fine")
    archive.unpack(buffer.getvalue(), tmp_path / "code")
    assert (tmp_path / "code/a.py").read_text() == "fine"


def _link(file: zipfile.ZipFile, name: str, target: str) -> None:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    file.writestr(entry, target)


def test_links_that_lead_out_only_together_are_not_written_through(tmp_path: Path) -> None:
    """A file takes the place of a link of its name: nothing is written where the link leads."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Two entries of one name.
        _link(file, "d/a", "up/../evil")
        _link(file, "d/up", "..")
        file.writestr("d/a", "x")
    archive.unpack(buffer.getvalue(), tmp_path / "code")
    assert not (tmp_path / "evil").exists()
    assert (tmp_path / "code/d/a").read_text() == "x"


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "a/"), ("x" * 300,)])
def test_names_that_no_folder_can_hold_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Names that no folder can hold together are the file's fault."""
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.unpack(zip_of(dict.fromkeys(names, "x")), tmp_path / "code")
    assert list(tmp_path.iterdir()) == []


def test_an_entry_whose_bytes_are_broken_is_refused(tmp_path: Path) -> None:
    """Compressed bytes that mean nothing are the file's fault."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", "text " * 1_000)
    data = bytearray(buffer.getvalue())
    data[31:45] = b"\xff" * 14
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.unpack(bytes(data), tmp_path / "code")
    assert list(tmp_path.iterdir()) == []


def test_what_claims_or_holds_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What claims or holds too much is refused."""
    data = zip_of({"a": "x" * 10_000})
    monkeypatch.setattr(archive, "UNPACKED_BYTES_MAX", 1_000)
    with pytest.raises(ServiceError, match="Unzipped size must be smaller than 1000 bytes"):
        archive.check(data)
    with pytest.raises(ServiceError, match="Unzipped size"):
        archive.unpack(data, tmp_path / "code")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"no zip", zip_of({"a": "b"})[:-30]])
def test_what_is_no_zip_file_is_refused(data: bytes) -> None:
    """What is no zip file is refused."""
    with pytest.raises(ServiceError, match="Could not unzip uploaded file"):
        archive.check(data)


def test_an_executable_stays_executable(tmp_path: Path) -> None:
    """An executable stays executable."""
    archive.unpack(_zip("bootstrap", "#!/bin/sh\n", 0o755), tmp_path / "code")
    assert (tmp_path / "code/bootstrap").stat().st_mode & 0o111


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_damaged_file_is_refused(tmp_path: Path, method: int) -> None:
    """However it is packed, and nothing of it stays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr("a.py", "".join(f"x{number} = {number * 7919}\n" for number in range(999)))
    data = bytearray(buffer.getvalue())
    data[60:600] = b"\xff" * 540
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.unpack(bytes(data), tmp_path / "code")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_a_file_and_a_folder_is_refused(tmp_path: Path) -> None:
    """Nothing of the zip file stays."""
    data = zip_of({"a": "x", "a/b": "y"})
    with pytest.raises(ServiceError, match="Could not unzip"):
        archive.unpack(data, tmp_path / "code")
    assert list(tmp_path.iterdir()) == []
