from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tzlocal.windows_tz import tz_win

from schedkit.exceptions import OutputError, TimeZoneError, UnknownBehaviourError
from schedkit.recurrence import Zone, tzdata_version, windows
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.windows import iana_of, windows_id


ROOT = Path(__file__).parents[2]
TEXT = Path(windows.__file__).with_name("windows_zones.json").read_text(encoding="ascii")
TABLES = json.loads(TEXT)
ASSUMED = frozenset({"adf.new_windows_ids"})

# Zones without an id whose clock is theirs: the id of CLDR, both offsets, a zone to write instead
DIFFERENT = {
    "America/Scoresbysund": ("Azores Standard Time", "-02:00", "-01:00", "America/Godthab"),
    "Antarctica/Casey": ("Central Pacific Standard Time", "+08:00", "+11:00", "Asia/Irkutsk"),
    "Antarctica/Vostok": ("Central Asia Standard Time", "+05:00", "+06:00", "Asia/Karachi"),
}
WITHOUT_ID = {"Antarctica/Troll"}
NEW = {
    "America/Edmonton": "Alberta Standard Time",
    "America/Inuvik": "Alberta Standard Time",
    "America/Rainy_River": "Manitoba Standard Time",
    "America/Vancouver": "British Columbia Standard Time",
    "America/Winnipeg": "Manitoba Standard Time",
    "America/Yellowknife": "Alberta Standard Time",
    "Canada/Central": "Manitoba Standard Time",
    "Canada/Mountain": "Alberta Standard Time",
    "Canada/Pacific": "British Columbia Standard Time",
}
# Names that tzlocal 5.4.5 leaves out and CLDR lists as aliases in bcp47/timezone.json
NOT_IN_TZLOCAL = {
    "Canada/East-Saskatchewan": "Canada Central Standard Time",
    "Europe/Uzhgorod": "FLE Standard Time",
    "Europe/Zaporozhye": "FLE Standard Time",
    "US/East-Indiana": "US Eastern Standard Time",
    "US/Pacific-New": "Pacific Standard Time",
}


def known_zones():
    """
    The names of this machine's data that schedkit knows as zones.
    """
    return [*sorted(name for name in zoneinfo.available_timezones() if "/" in name), "UTC"]


def refusals(assume=frozenset()):
    """
    The zones that have no Windows id, by the kind of refusal.
    """
    found = {TimeZoneError: set(), UnknownBehaviourError: set()}
    for name in known_zones():
        try:
            windows_id(name, assume)
        except (TimeZoneError, UnknownBehaviourError) as error:
            found[type(error)].add(name)
    return found


def offsets_of_days(name):
    """
    What `zoneinfo` alone says of a zone: an offset every twelve hours of the horizon.
    """
    zone = zoneinfo.ZoneInfo(name)
    return [datetime.fromtimestamp(each, zone).utcoffset() for each in range(*horizon(), 43_200)]


@pytest.mark.parametrize(
    ("iana", "expected"),
    [
        ("Europe/Paris", "Romance Standard Time"),
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Europe/London", "GMT Standard Time"),
        ("America/New_York", "Eastern Standard Time"),
        ("America/Phoenix", "US Mountain Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("Europe/Kiev", "FLE Standard Time"),
        ("Europe/Kyiv", "FLE Standard Time"),
        ("Europe/Uzhgorod", "FLE Standard Time"),
        ("Etc/GMT+5", "SA Pacific Standard Time"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("Etc/UCT", "UTC"),
        ("Etc/Zulu", "UTC"),
        ("Etc/GMT", "UTC"),
    ],
)
def test_windows_id(iana, expected):
    """
    A zone and every alias of it have one id.
    """
    assert expected == windows_id(iana)


def test_every_zone_has_an_id_or_is_refused():
    """
    Of all zones of the data exactly these are refused; the opt-in frees the new ids, no more.
    """
    known = set(known_zones())
    lacking = (set(DIFFERENT) | WITHOUT_ID) & known
    assert {TimeZoneError: lacking, UnknownBehaviourError: set(NEW) & known} == refusals()
    assert {TimeZoneError: lacking, UnknownBehaviourError: set()} == refusals(ASSUMED)


def test_every_id_shows_the_clock_of_its_zone():
    """
    Where an id is given, its zone and the one that stands for it agree by `zoneinfo` alone.
    """
    seen = {}
    for name in sorted(set(known_zones()) - set(DIFFERENT) - WITHOUT_ID):
        other = iana_of(windows_id(name, ASSUMED))
        if other not in seen:
            seen[other] = offsets_of_days(other)
        assert offsets_of_days(name) == seen[other], name


def test_refusals_do_not_hang_on_the_release_of_the_data():
    """
    The package's data, which may be newer than the machine's, refuse the same zones.
    """
    code = (
        "from schedkit.exceptions import SchedkitError\n"
        "from schedkit.recurrence.windows import windows_id\n"
        f"for name in {[*DIFFERENT, *WITHOUT_ID, *NEW, 'Europe/Berlin']!r}:\n"
        "    try:\n        print(windows_id(name))\n"
        "    except SchedkitError as error:\n        print(type(error).__name__)\n"
    )
    environment = {**os.environ, "PYTHONTZPATH": ""}
    command = [sys.executable, "-c", code]
    told = subprocess.check_output(command, env=environment, text=True, timeout=60)
    expected = ["TimeZoneError"] * 4 + ["UnknownBehaviourError"] * len(NEW)
    assert [*expected, "W. Europe Standard Time"] == told.splitlines()


@pytest.mark.parametrize("iana", DIFFERENT)
def test_other_offsets(iana):
    """
    A zone whose id shows another clock is refused, with the instant, both offsets and a way out.
    """
    name, asked, told, other = DIFFERENT[iana]
    with pytest.raises(TimeZoneError) as caught:
        windows_id(iana, ASSUMED)
    first, last = (datetime.fromtimestamp(each, UTC) for each in horizon())
    assert f"timezone {iana!r}" == caught.value.culprit
    assert caught.value.reason == (
        f"its Windows id {name!r} has other offsets: at {first:%Y-%m-%dT%H:%M:%SZ} the zone is at "
        f"{asked} and the id at {told} (tzdata {tzdata_version()})"
    )
    cure = f"write {other!r}, which has the same offsets until {last.year}"
    assert cure == caught.value.cure
    assert f"timezone {iana!r}: {caught.value.reason}; {cure}" == str(caught.value)
    assert offsets_of_days(iana) == offsets_of_days(other)
    assert windows_id(other) in TABLES["iana"]


def test_first_difference_is_the_first_change():
    """
    Two clocks that agree at New Year differ from the second at which one of them changes.
    """
    first = Zone.of("Europe/Paris").changes(*horizon())[0]
    assert (first.epoch, 7_200, 3_600) == windows._difference("Europe/Paris", "Africa/Algiers")
    assert (first.epoch, 3_600, 7_200) == windows._difference("Africa/Algiers", "Europe/Paris")
    assert windows._difference("Europe/Paris", "Europe/Berlin") is None


def test_difference_within_the_horizon_is_refused(monkeypatch):
    """
    A wrong id is refused even if its clock is right for the first months.
    """
    wrong = TABLES | {"windows": {"Europe/Paris": "W. Central Africa Standard Time"}}
    monkeypatch.setattr(windows, "_tables", lambda: wrong)
    first = Zone.of("Europe/Paris").changes(*horizon())[0].epoch
    with pytest.raises(TimeZoneError) as caught:
        windows_id("Europe/Paris")
    when = datetime.fromtimestamp(first, UTC)
    assert (
        "its Windows id 'W. Central Africa Standard Time' has other offsets: "
        f"at {when:%Y-%m-%dT%H:%M:%SZ} the zone is at +02:00 and the id at +01:00 "
        f"(tzdata {tzdata_version()})"
    ) == caught.value.reason


def test_no_id():
    """
    A zone that CLDR gives no id is refused; its two-hour summer time is nobody else's.
    """
    with pytest.raises(TimeZoneError) as caught:
        windows_id("Antarctica/Troll")
    assert "timezone 'Antarctica/Troll'" == caught.value.culprit
    assert "has no Windows id in CLDR 48.2.0" == caught.value.reason
    cure = "no Windows id has its offsets; write the schedule in 'UTC'"
    assert cure == caught.value.cure


@pytest.mark.parametrize("iana", NEW)
def test_new_id(iana):
    """
    An id of September 2026 is given only to who says that Azure accepts it.
    """
    with pytest.raises(UnknownBehaviourError) as caught:
        windows_id(iana)
    assert f"timezone {iana!r}" == caught.value.culprit
    assert (
        f"has the new Windows id {NEW[iana]!r}, and Azure does not document whether it accepts it"
    ) == caught.value.reason
    assert "write the schedule in 'UTC'" == caught.value.cure
    assert "schedule.timezone" == caught.value.feature
    assert "adf.new_windows_ids" == caught.value.fact
    assert NEW[iana] == windows_id(iana, ASSUMED)


def test_another_fact_is_no_opt_in():
    """
    Vouching for something else does not free the new ids.
    """
    with pytest.raises(UnknownBehaviourError):
        windows_id("America/Vancouver", frozenset({"adf.dst"}))


@pytest.mark.parametrize("name", ["CET", "Local", "Mars/Base", "", "europe/berlin/", 7, None])
def test_no_zone(name):
    """
    What is no zone of schedkit has no Windows id.
    """
    with pytest.raises(TimeZoneError) as caught:
        windows_id(name)
    assert f"timezone {name!r}" == caught.value.culprit


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Romance Standard Time", "Europe/Paris"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("UTC+12", "Etc/GMT-12"),
        ("British Columbia Standard Time", "America/Vancouver"),
    ],
)
def test_iana_of(name, expected):
    """
    The zone that stands for an id, new ids too: to read what is there is no risk.
    """
    assert expected == iana_of(name)


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("w. europe standard time", "did you mean 'W. Europe Standard Time'?"),
        ("Romanze Standard Time", "did you mean 'Romance Standard Time'?"),
        ("Europe/Berlin", "write an id like 'W. Europe Standard Time'"),
        ("", "write an id like 'W. Europe Standard Time'"),
        (5, "write an id like 'W. Europe Standard Time'"),
        (["5"], "write an id like 'W. Europe Standard Time'"),
    ],
)
def test_iana_of_unknown_id(name, cure):
    """
    An unknown id is refused, with the nearest known one if any is near.
    """
    with pytest.raises(TimeZoneError) as caught:
        iana_of(name)
    assert f"Windows time zone {name!r}" == caught.value.culprit
    assert "CLDR 48.2.0 has no Windows id of that name" == caught.value.reason
    assert cure == caught.value.cure


def test_iana_of_an_output():
    """
    What is known only after deployment is refused as everywhere.
    """

    async def later():
        return "UTC"

    value = later()
    with pytest.raises(OutputError) as caught:
        iana_of(value)
    value.close()
    assert "Windows time zone" == caught.value.culprit


def test_ids_lead_to_zones_and_back():
    """
    Each id has a zone that stands for it, and that zone has this id.
    """
    assert 142 == len(TABLES["iana"])
    assert TABLES["iana"].keys() == set(TABLES["windows"].values())
    assert list(TABLES["iana"]) == [windows_id(iana_of(name), ASSUMED) for name in TABLES["iana"]]


def test_agrees_with_tzlocal():
    """
    The table that tzlocal makes from CLDR has the same ids, but for aliases that it leaves out.
    """
    theirs = {name: told for name, told in tz_win.items() if "/" in name or name == "UTC"}
    assert theirs | NOT_IN_TZLOCAL == TABLES["windows"]
    assert not theirs.keys() & NOT_IN_TZLOCAL.keys()


def script():
    """
    The script that writes the table, as a module.
    """
    path = ROOT / "scripts" / "windows_zones.py"
    spec = importlib.util.spec_from_file_location("windows_zones", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_is_as_the_script_writes_it():
    """
    The file has the script's version, layout and order, one line per name, and no name twice.
    """
    module = script()
    assert ["cldr", "unverified", "iana", "windows"] == list(TABLES)
    assert module.CLDR == TABLES["cldr"]
    assert sorted(module.UNVERIFIED) == TABLES["unverified"]
    with_doubles = dict(json.loads(TEXT, object_pairs_hook=list))
    for key in ("iana", "windows"):
        assert sorted(TABLES[key]) == [name for name, _ in with_doubles[key]]
    assert TEXT == module.text({key: TABLES[key] for key in ("iana", "windows")})
    assert len(TABLES["iana"]) + len(TABLES["windows"]) + 8 == len(TEXT.splitlines())


def test_script_spreads_ids_over_aliases():
    """
    The script takes territory 001 for the zone of an id, and gives an alias the id of its zone.
    """
    rows = [
        ("India Standard Time", "001", "Asia/Calcutta"),
        ("India Standard Time", "IN", "Asia/Calcutta"),
        ("UTC", "001", "Etc/UTC"),
        ("UTC", "ZZ", "Etc/UTC Etc/GMT"),
    ]
    keys = ("_other", "_territory", "_type")
    zones = [{"mapZone": dict(zip(keys, row, strict=True))} for row in rows]
    aliases = {
        "_alias": "timezone",
        "inccu": {"_alias": "Asia/Calcutta Asia/Kolkata"},
        "utc": {"_alias": "Etc/UTC Etc/Zulu UTC Zulu"},
        "cavan": {"_alias": "America/Vancouver Canada/Pacific"},
        "aqtrl": {"_alias": "Antarctica/Troll"},
        "gone": {"_deprecated": True},
    }
    found = script().tables(
        {"supplemental": {"windowsZones": {"mapTimezones": zones}}},
        {"keyword": {"u": {"tz": aliases}}},
    )
    assert found["iana"] == {
        "Alberta Standard Time": "America/Edmonton",
        "British Columbia Standard Time": "America/Vancouver",
        "India Standard Time": "Asia/Calcutta",
        "Manitoba Standard Time": "America/Winnipeg",
        "UTC": "UTC",
    }
    assert found["windows"] == {
        "America/Edmonton": "Alberta Standard Time",
        "America/Inuvik": "Alberta Standard Time",
        "America/Vancouver": "British Columbia Standard Time",
        "America/Winnipeg": "Manitoba Standard Time",
        "Asia/Calcutta": "India Standard Time",
        "Asia/Kolkata": "India Standard Time",
        "Canada/Pacific": "British Columbia Standard Time",
        "Etc/GMT": "UTC",
        "Etc/UTC": "UTC",
        "Etc/Zulu": "UTC",
        "UTC": "UTC",
    }


def test_table_is_read_when_asked():
    """
    Nobody pays for the table who asks for no Windows id.
    """
    code = (
        "import schedkit.recurrence.windows as windows\n"
        "print(windows._tables.cache_info().currsize)\n"
        "windows.iana_of('UTC'), windows.windows_id('UTC')\n"
        "print(windows._tables.cache_info().misses)\n"
    )
    told = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert ["0", "1"] == told.split()
