from __future__ import annotations

import subprocess
import sys
import zoneinfo
from zoneinfo._zoneinfo import ZoneInfo as PythonZoneInfo

import pytest

from schedkit.exceptions import TimeZoneError
from schedkit.recurrence import Change, Zone, tzdata_version
from schedkit.recurrence import zones as module


START, STOP = 1_735_689_600, 1_830_297_600  # 2025 to 2027
ODD = (
    *(
        "Africa/Cairo",
        "Africa/Casablanca",
        "Africa/Monrovia",
        "America/Havana",
        "Antarctica/Troll",
    ),
    *("Asia/Gaza", "Asia/Tehran", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia"),
    *("Pacific/Chatham", "Asia/Kathmandu", "America/Sao_Paulo", "Europe/Istanbul"),
)


@pytest.mark.parametrize("name", ODD)
def test_changes_are_those_of_the_data(name):
    """
    From 1970 on, the changes found by reading offsets are the transitions that the data list.
    """
    data = PythonZoneInfo(name)
    offsets = [int(kind.utcoff.total_seconds()) for kind in data._ttinfos]
    pairs = zip(data._trans_utc[1:], offsets, offsets[1:], strict=False)
    last = data._trans_utc[-1] + 1
    expected = tuple(Change(*row) for row in pairs if 0 <= row[0] < last and row[1] != row[2])
    assert expected == Zone.of(name).changes(0, last)


@pytest.mark.parametrize("name", ODD)
def test_offset(name):
    """
    The offset at, just before and just after each change is what datetime says.
    """
    zone = Zone.of(name)
    for change in zone.changes(START, STOP):
        assert change.before == zone.offset(change.epoch - 1)
        assert change.after == zone.offset(change.epoch)
        assert zone.is_fixed(change.epoch, change.epoch + 60)
        assert not zone.is_fixed(change.epoch - 60, change.epoch + 60)
    assert zone._read(START).total_seconds() == zone.offset(START)


def test_utc_never_changes():
    """
    UTC is one offset for ever and asks no data.
    """
    zone = Zone.of("UTC")
    assert () == zone.changes(-(10**11), 10**12)
    assert 0 == zone.offset(10**12)
    assert zone.is_fixed(0, 10**12)
    assert zone is Zone.of("UTC")


def test_fixed_zone():
    """
    A zone without changes has its own offset.
    """
    zone = Zone.of("Asia/Kolkata")
    assert 19_800 == zone.offset(START)
    assert zone.is_fixed(START, STOP)
    assert "Zone(name='Asia/Kolkata')" == repr(zone)


def test_changes_start_and_stop():
    """
    `changes` has the one at start, not the one at stop, and none backwards.
    """
    zone = Zone.of("Europe/Berlin")
    spring = Change(1_774_746_000, 3600, 7200)
    assert (spring,) == zone.changes(spring.epoch, spring.epoch + 1)
    assert () == zone.changes(spring.epoch - 5, spring.epoch)
    assert () == zone.changes(spring.epoch + 1, spring.epoch)


CURE = "write a name like 'Europe/Berlin', or 'UTC'"
VAGUE = "is not an Area/City name, so machines and releases disagree on what it means"
REFUSED = [
    ("", VAGUE, CURE),
    ("Local", VAGUE, CURE),
    ("local", VAGUE, CURE),
    ("CET", VAGUE, CURE),
    ("EST", VAGUE, CURE),
    ("GMT", VAGUE, "did you mean 'Etc/GMT'?"),
    ("utc", VAGUE, "did you mean 'UTC'?"),
    ("Berlin", VAGUE, "did you mean 'Europe/Berlin'?"),
    ("new york", VAGUE, "did you mean 'America/New_York'?"),
    ("Europe/Berln", None, "did you mean 'Europe/Berlin'?"),
    ("US/New_York", None, "did you mean 'America/New_York'?"),
    ("Mars/Olympus_Mons_Base", None, CURE),
    ("../Europe/Berlin", None, "did you mean 'Europe/Berlin'?"),
    ("Europe/", None, "did you mean 'Europe/Rome'?"),
    ("right/Europe/Berlin", VAGUE, "did you mean 'Europe/Berlin'?"),
    ("posix/Europe/Berlin", VAGUE, "did you mean 'Europe/Berlin'?"),
    ("*/2," * 2_500, "no time zone has a name of 10000 characters", CURE),
    ("Europe/Berlin\0", None, "did you mean 'Europe/Berlin'?"),
]


@pytest.mark.parametrize(
    ("name", "reason", "cure"), REFUSED, ids=[repr(row[0])[:40] for row in REFUSED]
)
def test_refused(name, reason, cure):
    """
    A name that is not safe everywhere is refused with the nearest one that is.
    """
    with pytest.raises(TimeZoneError) as caught:
        Zone.of(name)
    error = caught.value
    missing = f"the time zone data ({tzdata_version()}) have no such name"
    assert (f"timezone {name!r}", reason or missing, cure) == (
        error.culprit,
        error.reason,
        error.cure,
    )


def test_not_a_name():
    """
    What is no text is refused by type.
    """
    with pytest.raises(TimeZoneError) as caught:
        Zone.of(zoneinfo.ZoneInfo("Europe/Berlin"))
    assert "is ZoneInfo, not the name of a time zone" == caught.value.reason


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"Europe/London": "", "tzdata.zi": "# version 2031c\nrest"}, "2031c"),
        ({"Europe/London": "", "+VERSION": "2031d\n"}, "2031d"),
        ({"Europe/London": ""}, "unknown"),
    ],
)
def test_version_of_the_machine(tmp_path, monkeypatch, files, expected):
    """
    The version is that of the machine's data when the machine has data.
    """
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(module.zoneinfo, "TZPATH", (str(tmp_path / "none"), str(tmp_path)))
    assert expected == module.tzdata_version.__wrapped__()


def test_version_of_the_package(monkeypatch):
    """
    Without data on the machine the version is that of the `tzdata` package.
    """
    monkeypatch.setattr(module.zoneinfo, "TZPATH", ())
    import tzdata

    assert tzdata.IANA_VERSION == module.tzdata_version.__wrapped__()


def test_import_is_light():
    """
    Importing the package loads no pulumi, no difflib and no time zone.
    """
    code = "import sys, schedkit.recurrence; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set() == {"pulumi", "difflib", "tzdata", "hypothesis", "numpy"} & set(loaded)
