"""
Fifty crons as people write them in CI, clusters and on servers.
"""

from __future__ import annotations


REAL_WORLD = (
    "* * * * *",  # queue workers, health probes
    "*/2 * * * *",
    "*/5 * * * *",  # the commonest of all
    "*/10 * * * *",
    "*/15 * * * *",
    "*/20 * * * *",
    "*/30 * * * *",
    "3-59/10 * * * *",
    "0,30 * * * *",
    "0 * * * *",  # hourly roll-ups
    "17 * * * *",
    "23 * * * *",
    "0 */2 * * *",
    "0 */3 * * *",
    "0 */4 * * *",
    "0 */6 * * *",  # token refresh, certificate checks
    "37 */6 * * *",
    "0 */8 * * *",
    "0 */12 * * *",
    "0 0,12 * * *",
    "*/5 9-17 * * 1-5",  # market and office hours
    "*/15 8-18 * * MON-FRI",
    "0 9-17 * * 1-5",
    "*/10 6-22 * * *",
    "0 0 * * *",  # nightly builds
    "30 0 * * *",
    "0 1 * * *",
    "17 3 * * *",  # backups
    "30 2 * * *",
    "15 4 * * *",
    "0 5 * * *",
    "25 6 * * *",  # Debian's cron.daily
    "0 8 * * 1-5",  # reports
    "0 9 * * 1-5",
    "30 16 * * 1-5",
    "30 1 * * 2-6",
    "0 22 * * 1-5",
    "47 6 * * 7",  # Debian's cron.weekly
    "0 0 * * 0",
    "0 9 * * MON",  # dependency updates
    "30 5 * * 1,3",  # stale issues
    "45 14 * * 5",
    "0 4 * * SAT",
    "52 6 1 * *",  # Debian's cron.monthly
    "0 0 1 * *",
    "0 6 1,15 * *",  # payroll
    "0 3 2-8 * *",
    "0 0 1 */3 *",  # quarters
    "0 0 1 1,7 *",
    "0 0 13 * 5",  # both day fields: the 13th or a Friday
)
