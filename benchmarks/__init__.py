"""How fast the book trains, runs and builds: ``python -m benchmarks`` measures, ``make benchmark`` prepares it."""
