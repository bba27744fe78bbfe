"""
The status page of a server: a process of its own that reads the ledger and asks by its requests.
"""
