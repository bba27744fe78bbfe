"""
Schedules in plain English.
"""
from __future__ import annotations
