from hypothesis import settings

# No disk, and no clock: a slow machine fails nothing. The wire and the adapters are fuzzed at length elsewhere.
settings.register_profile("unit", database=None, deadline=None, max_examples=25)
settings.load_profile("unit")
