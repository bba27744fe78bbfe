"""
A clock of its own for every Go program that is built with it: any date, any speed.

    python clock.py FOLDER && go build -overlay FOLDER/overlay.json ...
    SCHEDKIT_CLOCK=<real>,<shown>,<speed>      unix seconds, unix seconds, a whole number

At the real instant <real> such a program reads <shown>, and from then on its time passes <speed>
times as fast, timers and sleep included; network deadlines stay as long as they were. Without the
variable its clock is the ordinary one. Go asks the kernel itself, so no preloaded library can do
this; `go build -overlay` replaces files of the standard library for one build only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


SETTING = """
// What SCHEDKIT_CLOCK says: unix seconds, the unix seconds shown then, and the speed.
var clockReal, clockShown, clockSpeed int64 = clockSetting()

func clockSetting() (int64, int64, int64) {
	said, found := syscall.Getenv("SCHEDKIT_CLOCK")
	if !found {
		return 0, 0, 1
	}
	var parts [3]int64
	part := 0
	for _, sign := range said {
		if sign == ',' {
			part++
		} else {
			parts[part] = parts[part]*10 + int64(sign-'0')
		}
	}
	return parts[0], parts[1], parts[2]
}

func clockNow(sec int64, nsec int32, mono int64) (int64, int32, int64) {
	if clockReal == 0 {
		return sec, nsec, mono
	}
	passed := ((sec-clockReal)*1e9 + int64(nsec)) * clockSpeed
	return clockShown + passed/1e9, int32(passed % 1e9), startNano + (mono-startNano)*clockSpeed
}

func clockPeriod(d Duration) int64 { return max(1, int64(d)/clockSpeed) }

func clockSleep(ns int64)

// Sleep pauses the current goroutine for at least the duration d.
func Sleep(d Duration) { clockSleep(int64(d) / clockSpeed) }
"""

# What is replaced in each file below GOROOT/src, and how often it stands there.
EDITS = {
    "time/time.go": [
        ("import (\n", 'import (\n\t"syscall"\n', 1),
        ("sec, nsec, mono := runtimeNow()", "sec, nsec, mono := clockNow(runtimeNow())", 1),
        ("runtimeNano()-startNano", "(runtimeNano()-startNano)*clockSpeed", 2),
        ("\nfunc unixTime(", SETTING + "\nfunc unixTime(", 1),
    ],
    "time/sleep.go": [
        ("runtimeNano() + int64(d)", "runtimeNano() + int64(d)/clockSpeed", 1),
        ("func Sleep(d Duration)\n", "", 1),
    ],
    "time/tick.go": [("int64(d)", "clockPeriod(d)", 2)],
    "runtime/time.go": [("timeSleep time.Sleep", "timeSleep time.clockSleep", 1)],
}


def edited(text: str, edits: list[tuple[str, str, int]], name: str) -> str:
    """
    A source file with its replacements; another Go than we know ends the build, never a wrong one.
    """
    for old, new, count in edits:
        if text.count(old) != count:
            sys.exit(f"{name}: {old!r} stands there {text.count(old)} times, not {count}")
        text = text.replace(old, new)
    return text


def write(folder: Path) -> Path:
    """
    Write the replaced files and the list of them, which `-overlay` wants.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True)
    source, replaced = Path(told.stdout.strip(), "src"), {}
    for name, edits in EDITS.items():
        target = (folder / name.replace("/", "_")).resolve()
        target.write_text(edited((source / name).read_text(), edits, name))
        replaced[str(source / name)] = str(target)
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}, indent=1))
    return overlay


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
