"""
schedkit's backend for Kubernetes: a pipeline's ServiceAccount, and a CronJob per schedule.
"""
