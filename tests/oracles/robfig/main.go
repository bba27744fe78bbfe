// What robfig/cron v3.0.1 really does: one JSON question per line in, one JSON answer per line out.
//
//	{"text": "0 9 * * 1-5"}                                   -> {"fields": ["1", ...]} or {"error": "..."}
//	{"text": "0 9 * * 1-5", "zone": "Asia/Tokyo", "after": 0, "n": 3} -> {"runs": [86400, ...]}
//
// A run of "never" ends the list; an answer that takes longer than two seconds is "endless".
// `oracle --version` prints the version of robfig/cron.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"
)

type question struct {
	Text  string `json:"text"`
	Zone  string `json:"zone"`
	After int64  `json:"after"`
	N     int    `json:"n"`
}

type answer struct {
	Error   string   `json:"error,omitempty"`
	Fields  []string `json:"fields,omitempty"`
	Delay   int64    `json:"delay,omitempty"`
	Runs    []int64  `json:"runs,omitempty"`
	Endless bool     `json:"endless,omitempty"`
}

func masks(schedule cron.Schedule) answer {
	switch found := schedule.(type) {
	case *cron.SpecSchedule:
		var fields []string
		for _, mask := range []uint64{found.Minute, found.Hour, found.Dom, found.Month, found.Dow} {
			fields = append(fields, strconv.FormatUint(mask, 10))
		}
		return answer{Fields: fields}
	case cron.ConstantDelaySchedule:
		return answer{Delay: int64(found.Delay / time.Second)}
	}
	return answer{Error: "unknown schedule"}
}

func runs(schedule cron.Schedule, ask question) answer {
	zone, err := time.LoadLocation(ask.Zone)
	if err != nil {
		return answer{Error: err.Error()}
	}
	done := make(chan []int64, 1)
	go func() {
		found := []int64{}
		t := time.Unix(ask.After, 0).In(zone)
		for len(found) < ask.N {
			if t = schedule.Next(t); t.IsZero() {
				break
			}
			found = append(found, t.Unix())
		}
		done <- found
	}()
	select {
	case found := <-done:
		return answer{Runs: found}
	case <-time.After(2 * time.Second):
		return answer{Endless: true}
	}
}

func reply(ask question) answer {
	schedule, err := cron.ParseStandard(ask.Text)
	if err != nil {
		return answer{Error: err.Error()}
	}
	if ask.N == 0 {
		return masks(schedule)
	}
	return runs(schedule, ask)
}

func version() {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		fmt.Println(module.Version)
	}
}

func main() {
	if len(os.Args) > 1 {
		version()
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var ask question
		if err := json.Unmarshal(lines.Bytes(), &ask); err != nil {
			panic(err)
		}
		if err := out.Encode(reply(ask)); err != nil {
			panic(err)
		}
	}
}
