"""The ground floor: errors, units, identifiers, durable writes, and the protocols for time and chance."""
