"""How one run is done: functions of settings and a seed that return measurements."""
