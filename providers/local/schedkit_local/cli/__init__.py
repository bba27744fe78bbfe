"""
The commands over a state file; `schedkit` finds them by the entry points `schedkit.commands`.
"""
