import pulumi

import schedkit as sk


greet = sk.Step(
    "greet", image="python:3.13-slim", command=["python", "-c", "print('Hello from schedkit')"]
)
hello = sk.Pipeline("hello", steps=[greet])
daily = sk.Schedule("daily", hello, sk.Cron("0 9 * * *", timezone="Europe/Berlin"))

pulumi.export("schedule", daily.schedule_id)
