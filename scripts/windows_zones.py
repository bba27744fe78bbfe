"""
Write `schedkit/recurrence/windows_zones.json` from CLDR: `python scripts/windows_zones.py`.

Needs `npm`, which fetches two pinned packages of CLDR into a temporary folder.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile


CLDR = "48.2.0"
TABLE = pathlib.Path(__file__).parents[1] / "schedkit" / "recurrence" / "windows_zones.json"
PACKAGES = {
    "cldr-core": "package/supplemental/windowsZones.json",
    "cldr-bcp47": "package/bcp47/timezone.json",
}

# Windows has had these ids since September 2026, CLDR 48 has not. The first zone stands for the
# id. Whether Azure accepts them is not documented. Drop a row when CLDR has it *and* Azure does.
# https://techcommunity.microsoft.com/blog/dstblog/interim-guidance-for-british-columbia-time-zone-changes-2026/4544988
# https://techcommunity.microsoft.com/blog/dstblog/interim-guidance-for-alberta-time-zone-changes-2026/4545015
UNVERIFIED = {
    "Alberta Standard Time": ("America/Edmonton", "America/Inuvik"),
    "British Columbia Standard Time": ("America/Vancouver",),
    "Manitoba Standard Time": ("America/Winnipeg",),
}


def fetch(package: str, member: str, folder: str) -> dict:
    """
    One JSON file of a pinned npm package.
    """
    npm = shutil.which("npm") or sys.exit("npm is not installed; it fetches CLDR")
    command = [npm, "pack", f"{package}@{CLDR}", "--silent", "--pack-destination", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(pathlib.Path(folder, f"{package}-{CLDR}.tgz")) as archive:
        return json.load(archive.extractfile(member))


def tables(windows_zones: dict, time_zones: dict) -> dict[str, dict[str, str]]:
    """
    The zone that stands for each id, and the id of each zone and of all its aliases.

    A name without `/` is left out: schedkit has no zone of that name. `UTC` is the exception.
    """
    iana: dict[str, str] = {}
    ids: dict[str, str] = {}
    for entry in windows_zones["supplemental"]["windowsZones"]["mapTimezones"]:
        zone = entry["mapZone"]
        if zone["_territory"] == "001":
            iana[zone["_other"]] = zone["_type"]
        ids |= dict.fromkeys(zone["_type"].split(), zone["_other"])
    iana["UTC"] = "UTC"  # CLDR has Etc/UTC
    for name, zones in UNVERIFIED.items():
        iana[name] = zones[0]
        ids |= dict.fromkeys(zones, name)
    for group in time_zones["keyword"]["u"]["tz"].values():
        names = group["_alias"].split() if isinstance(group, dict) and "_alias" in group else []
        told = [name for name in names if name in ids]
        ids |= dict.fromkeys(names, ids[told[0]]) if told else {}
    named = {zone: ids[zone] for zone in ids if "/" in zone or zone == "UTC"}
    return {"iana": dict(sorted(iana.items())), "windows": dict(sorted(named.items()))}


def text(found: dict[str, dict[str, str]]) -> str:
    """
    JSON with one line per id and per zone.
    """
    rows = {"cldr": CLDR, "unverified": sorted(UNVERIFIED)}
    head = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in rows.items()]
    for key, table in found.items():
        lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in table.items())
        head.append(f"{json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(head) + "\n}\n"


def main() -> None:
    """
    Fetch, and write the table.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = tables(*(fetch(name, member, folder) for name, member in PACKAGES.items()))
    TABLE.write_text(text(found), encoding="ascii")


if __name__ == "__main__":
    main()
