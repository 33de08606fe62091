"""One file an experiment; each defines ``EXPERIMENT``. The file's name is the experiment's name."""
