"""Time and memory of ranef beside other mixed-model software: ``python -m benchmarks``.

Nothing heavy is imported here: the workers of the other packages import this package too, in an
environment that has neither ranef nor its dependencies.
"""
