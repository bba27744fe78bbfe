// What an npm library really does: one JSON question per line in, one JSON answer per line out.
//
//     node ask.mjs croner      {"text": "0 9 * * 1", "zone": "Asia/Tokyo", "after": 0, "n": 3}
//                              -> {"runs": [86400, ...]}, {"error": "..."} or {"broken": "..."}
//     node ask.mjs croner --version
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import aws from "aws-cron-parser";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";

const seconds = (date) => Math.floor(date.getTime() / 1000);

// Each takes the text and returns a function (after, n) -> dates.
const LIBRARIES = {
  "aws-cron-parser": (text) => {
    const cron = aws.parse(text);
    return (date, n) => {
      const found = [];
      while (found.length < n && (date = aws.next(cron, date))) found.push(date);
      return found;
    };
  },
  "cron-parser": (text, tz) => {
    CronExpressionParser.parse(text, { tz });
    return (currentDate, n) => {
      const cron = CronExpressionParser.parse(text, { currentDate, tz });
      return Array.from({ length: n }, () => cron.next().toDate());
    };
  },
  croner: (text, timezone) => {
    const cron = new Cron(text, { mode: "5-part", paused: true, timezone });
    return (date, n) => cron.nextRuns(n, date);
  },
};

const [name, version] = process.argv.slice(2);
const parse = LIBRARIES[name];

function answer({ text, zone, after, n }) {
  let next;
  try {
    next = parse(text, zone);
  } catch (error) {
    return { error: String(error.message) };
  }
  try {
    return { runs: next(new Date(after * 1000), n).map(seconds) };
  } catch (error) {
    return { broken: String(error.message) };
  }
}

if (version) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  console.log(JSON.parse(readFileSync(file)).version, process.versions.tz);
} else {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
  }
}
