"""HTTP: what holds for every request and answer, whatever its route."""
