"""
schedkit's backend for AWS: a SageMaker Pipeline, and a schedule of EventBridge Scheduler.
"""
